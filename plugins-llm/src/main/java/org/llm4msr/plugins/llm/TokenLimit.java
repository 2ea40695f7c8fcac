package org.llm4msr.plugins.llm;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** The number of tokens that an encoder reads; longer texts are refused, never cut. */
public final class TokenLimit {

  private TokenLimit() {}

  /**
   * Returns the configured limit, or the usual one.
   *
   * @param configured {@code maxTokens}; null if it is not set
   * @param usual the limit without it
   * @param most the number of tokens that the model reads
   * @throws MsrException with code {@code knowledge/TOO_MANY_TOKENS} if more is configured
   */
  public static int of(@Nullable Integer configured, int usual, int most, String model) {
    if (configured != null && configured > most) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/TOO_MANY_TOKENS",
          "knowledge.encoder.maxTokens is %d, and the model %s reads at most %d. Set it to that or less."
              .formatted(configured, model, most));
    }
    return configured == null ? Math.min(usual, most) : configured;
  }

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
