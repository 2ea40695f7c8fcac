package org.llm4msr.runtime.knowledge.extraction;

import java.nio.file.Path;
import java.util.Locale;

/**
 * What a file of prompts holds.
 *
 * @param scenarios prompts of scenarios
 * @param users prompts of users
 * @param items prompts of items
 * @param shortened prompts that lost history items
 * @param droppedHistory history items that they lost
 * @param leakFutureInteractions whether they reveal validation and test rows
 */
public record WrittenPrompts(
    long scenarios,
    long users,
    long items,
    long shortened,
    long droppedHistory,
    boolean leakFutureInteractions) {

  /**
   * Returns the counts in words.
   *
   * @param file the file
   */
  public String text(Path file) {
    return String.format(
        Locale.ROOT,
        "%s: %,d scenarios, %,d users, %,d items; %,d lost %,d history items",
        file,
        scenarios,
        users,
        items,
        shortened,
        droppedHistory);
  }
}
