package org.llm4msr.plugins.llm;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** The refusal of a text that an encoder would have to cut. */
public final class TooLong {

  private TooLong() {}

  /** Refuses a text of more tokens than the encoder reads. */
  public static void check(String text, int position, int tokens, int maxTokens) {
    if (tokens > maxTokens) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/PROMPT_TOO_LONG",
          "a text has %d tokens, the encoder reads at most %d. Text %d of this call: \"%s...\". Shorten it; encoders never cut text."
              .formatted(
                  tokens, maxTokens, position, text.substring(0, Math.min(60, text.length()))));
    }
  }
}
