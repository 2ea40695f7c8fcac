package org.llm4msr.api.knowledge;

import java.util.List;
import java.util.Locale;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Level;

/**
 * A frozen language model: texts in, one vector each out. Deterministic, and a text gives the same
 * vector in any batch. Encoders never cut text.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface KnowledgeEncoder extends AutoCloseable {

  /** Returns the description of the encoder. */
  EncoderInfo info();

  /** Returns the number of tokens of the text, with special tokens. Safe for several threads. */
  int countTokens(String text);

  /**
   * Encodes texts. The encoder may form batches of its own, for example by length.
   *
   * @return one answer per text, in the same order
   * @throws org.llm4msr.api.MsrException with code {@code knowledge/PROMPT_TOO_LONG} if a text
   *     exceeds {@code info().maxTokens()}
   */
  List<Knowledge> encode(List<String> texts);

  /**
   * Returns whether this encoder looks up vectors by key instead of reading prompts: {@link
   * #encode} then gets {@link #keyText} in place of a prompt's text.
   */
  default boolean readsKeys() {
    return false;
  }

  /**
   * Announces all keys of a level to an encoder that {@link #readsKeys}, before it is asked for any
   * of them; called for each store that is filled from scratch.
   *
   * @param keys as in {@link #keyText}, without the level
   * @throws org.llm4msr.api.MsrException if the encoder lacks some and cannot do without them
   */
  default void expect(Level level, List<String> keys) {}

  /**
   * Asks {@link #encode} to stop waiting, for example for a service; it may then throw. Called by
   * another thread when the user wants to stop.
   */
  default void stopWaiting() {}

  /** Returns the text for an encoder that {@link #readsKeys}, such as {@code user 17}. */
  static String keyText(Level level, String key) {
    return level.name().toLowerCase(Locale.ROOT) + " " + key;
  }

  @Override
  void close();
}
