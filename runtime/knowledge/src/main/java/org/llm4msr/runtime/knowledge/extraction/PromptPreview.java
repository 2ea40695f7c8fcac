package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;

/**
 * Prompts as an encoder would read them.
 *
 * @param maxTokens the longest prompt that the encoder reads
 * @param scenarios the first scenarios' prompts
 * @param users the first users' prompts
 * @param items the first items' prompts
 */
public record PromptPreview(
    int maxTokens, List<Item> scenarios, List<Item> users, List<Item> items) {

  public PromptPreview {
    scenarios = List.copyOf(scenarios);
    users = List.copyOf(users);
    items = List.copyOf(items);
  }

  /**
   * One prompt.
   *
   * @param key the scenario's key, or the raw id of user or item
   * @param text the whole text
   * @param tokens its tokens, with special tokens
   * @param droppedHistory history items that did not fit
   */
  public record Item(String key, String text, int tokens, int droppedHistory) {}
}
