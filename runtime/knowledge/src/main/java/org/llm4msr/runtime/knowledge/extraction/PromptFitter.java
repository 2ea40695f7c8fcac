package org.llm4msr.runtime.knowledge.extraction;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;

/** Drops the oldest history items of a prompt until it fits the encoder. */
final class PromptFitter {

  /** The code of a prompt that does not fit even without history. */
  static final String TOO_LONG = "knowledge/PROMPT_TOO_LONG";

  /** The tokens of a text that was not tokenised. */
  private static final int MANY = Integer.MAX_VALUE;

  private final KnowledgeEncoder encoder;
  private final int maxTokens;

  PromptFitter(KnowledgeEncoder encoder) {
    this.encoder = encoder;
    this.maxTokens = encoder.info().maxTokens();
  }

  /**
   * A prompt as the encoder reads it.
   *
   * @param prompt what is left of the prompt
   * @param text its text
   * @param tokens tokens of the text; 0 if only the key is read
   * @param dropped history items that were dropped
   */
  record Fitted(Prompt prompt, String text, int tokens, int dropped) {

    /** Returns whether a language model would read nothing that distinguishes the key. */
    boolean isEmpty() {
      return text.isBlank();
    }

    /** Returns whether there was a history, of which nothing is left. */
    boolean lostHistory() {
      return dropped > 0 && prompt.history().isEmpty();
    }
  }

  /**
   * Shortens a prompt as little as possible; one that is looked up by key stays whole.
   *
   * @throws MsrException with code {@code knowledge/PROMPT_TOO_LONG} if it does not fit even
   *     without history
   */
  Fitted fit(Level level, Prompt prompt) {
    if (encoder.readsKeys()) {
      return new Fitted(prompt, KnowledgeEncoder.keyText(level, prompt.key()), 0, 0);
    }
    Fitted whole = dropping(prompt, 0);
    if (whole.tokens() <= maxTokens) {
      return whole;
    }
    Fitted shortest = dropping(prompt, prompt.history().size());
    if (shortest.tokens() > maxTokens) {
      throw new MsrException(
          ErrorType.USER,
          TOO_LONG,
          "the prompt has %s even without history, the encoder reads at most %d tokens. Key %s. Shorten what the prompt builder writes (knowledge.prompts), raise knowledge.encoder.maxTokens where it is set below what the model reads, or choose an encoder that reads more."
              .formatted(length(shortest), maxTokens, prompt.key()));
    }
    return search(prompt, shortest);
  }

  private static String length(Fitted prompt) {
    return prompt.tokens() == MANY
        ? prompt.text().length() + " characters"
        : prompt.tokens() + " tokens";
  }

  /** Bisects between a count that is too small and one that is enough. */
  private Fitted search(Prompt prompt, Fitted shortest) {
    int tooFew = 0;
    Fitted fits = shortest;
    while (fits.dropped() - tooFew > 1) {
      Fitted middle = dropping(prompt, (tooFew + fits.dropped()) >>> 1);
      if (middle.tokens() <= maxTokens) {
        fits = middle;
      } else {
        tooFew = middle.dropped();
      }
    }
    return fits;
  }

  private Fitted dropping(Prompt prompt, int count) {
    Prompt left = count == 0 ? prompt : prompt.dropOldest(count);
    String text = left.text();
    int tokens = text.isBlank() ? 0 : tokens(text);
    if (tokens < 0) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "knowledge/TOKEN_COUNT",
          "the encoder says that a prompt has %d tokens. Model %s, key %s. Report it to the encoder's author."
              .formatted(tokens, encoder.info().model(), prompt.key()));
    }
    return new Fitted(left, text, tokens, count);
  }

  private int tokens(String text) {
    return text.length() > LongestText.of(encoder.info()) ? MANY : encoder.countTokens(text);
  }
}
