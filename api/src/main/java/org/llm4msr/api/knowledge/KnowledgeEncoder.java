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

  /** Returns what the encoder says of itself. */
  EncoderInfo info();

  /** Returns how many tokens the text takes, with special tokens. Safe for several threads. */
  int countTokens(String text);

  /**
   * Encodes texts. The encoder may form batches of its own, for example by length.
   *
   * @return one answer a text, in the same order
   * @throws org.llm4msr.api.MsrException with code {@code knowledge/PROMPT_TOO_LONG} where a text
   *     exceeds {@code info().maxTokens()}
   */
  List<Knowledge> encode(List<String> texts);

  /**
   * Says whether this encoder looks vectors up by key and reads no prompts: {@link #encode} then
   * gets {@link #keyText} in place of a prompt's text.
   */
  default boolean readsKeys() {
    return false;
  }

  /**
   * Tells an encoder that {@link #readsKeys} of all keys of a level, before it is asked for any;
   * for each store that is filled anew.
   *
   * @param keys of users or scenarios, without the level that {@link #keyText} puts before them
   * @throws org.llm4msr.api.MsrException where it lacks some and will not do without
   */
  default void expect(Level level, List<String> keys) {}

  /**
   * Asks {@link #encode} to give up what it merely waits for, such as the pause before a service is
   * asked again; it may then throw. What computes goes on to its end. Called by another thread,
   * when the user wants to stop.
   */
  default void stopWaiting() {}

  /** Returns what an encoder that {@link #readsKeys} is handed: {@code user 17}. */
  static String keyText(Level level, String key) {
    return level.name().toLowerCase(Locale.ROOT) + " " + key;
  }

  @Override
  void close();
}
