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

  /** Returns the prompts, each below a line of its level, key and tokens. */
  String text() {
    StringBuilder text = new StringBuilder();
    scenarios.forEach(item -> append("scenario", item, text));
    users.forEach(item -> append("user", item, text));
    items.forEach(item -> append("item", item, text));
    return text.toString();
  }

  private void append(String level, Item item, StringBuilder text) {
    String head = "--- %s %s: %d of at most %d tokens, %d history items dropped%n%s%n";
    text.append(
        head.formatted(
            level, item.key(), item.tokens(), maxTokens, item.droppedHistory(), item.text()));
  }
}
