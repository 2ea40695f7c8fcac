package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * An item in words.
 *
 * @param item the raw id
 * @param text may be empty, but only for an encoder that looks vectors up by key
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record ItemText(String item, String text) {

  public ItemText {
    requireNonNull(item, "item is null");
    requireNonNull(text, "text is null");
  }
}
