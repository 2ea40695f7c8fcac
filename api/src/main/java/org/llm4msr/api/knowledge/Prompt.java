package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * A prompt in parts, so that it can be shortened without cutting a sentence: the runtime drops the
 * oldest history items until the text fits the encoder.
 *
 * @param key unique in its level: the scenario's key, or the raw id of user or item
 * @param head the text before the history
 * @param history the items that may be dropped, from the front: a user's items, newest last, or a
 *     scenario's popular items, the most popular last
 * @param separator the text between two items
 * @param tail the text after the history
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record Prompt(String key, String head, List<String> history, String separator, String tail) {

  public Prompt {
    requireNonNull(key, "key is null");
    requireNonNull(head, "head is null");
    history = List.copyOf(history);
    requireNonNull(separator, "separator is null");
    requireNonNull(tail, "tail is null");
  }

  /** Returns the whole text. */
  public String text() {
    return head + String.join(separator, history) + tail;
  }

  /** Returns this prompt without its {@code count} oldest history items. */
  public Prompt dropOldest(int count) {
    return new Prompt(key, head, history.subList(count, history.size()), separator, tail);
  }
}
