package org.llm4msr.runtime.knowledge.extraction;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.store.StoreInfo;

/**
 * The result of filling a store.
 *
 * @param info the store as it is now
 * @param encoded prompts that were read
 * @param kept prompts whose vectors were there already
 * @param belowThreshold users left out because of {@code minInteractions}
 * @param shortened prompts, of those read, that lost history
 * @param droppedHistory history items they lost
 * @param tokens tokens of the prompts that were read
 * @param seconds time that encoding took
 * @param device the device of the runtime's engine: cpu, or gpu:N; null if the engine was not used
 */
public record ExtractionResult(
    StoreInfo info,
    long encoded,
    long kept,
    long belowThreshold,
    long shortened,
    long droppedHistory,
    long tokens,
    double seconds,
    @Nullable String device) {

  /** Returns this result of an encoder that computed on a device. */
  public ExtractionResult onDevice(@Nullable String name) {
    return new ExtractionResult(
        info, encoded, kept, belowThreshold, shortened, droppedHistory, tokens, seconds, name);
  }

  /** Returns this store with the counts of both fillings. */
  public ExtractionResult with(ExtractionResult other) {
    return new ExtractionResult(
        info,
        encoded + other.encoded,
        kept + other.kept,
        belowThreshold + other.belowThreshold,
        shortened + other.shortened,
        droppedHistory + other.droppedHistory,
        tokens + other.tokens,
        seconds + other.seconds,
        device);
  }

  /** Returns prompts per second, or 0 if nothing was read. */
  public double promptsPerSecond() {
    return seconds == 0 ? 0 : encoded / seconds;
  }

  /** Returns tokens per second, or 0 if nothing was read. */
  public double tokensPerSecond() {
    return seconds == 0 ? 0 : tokens / seconds;
  }
}
