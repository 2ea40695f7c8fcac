package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an extraction would do.
 *
 * @param prompts the first prompts, as the encoder would read them
 * @param scenarios what it would do with scenarios
 * @param users with users
 * @param items with items
 * @param mismatch how the store that is there differs, so that it would be refused without a
 *     rebuild, for which the counts are; empty if it is kept
 * @param estimate how long the encoder would read; null if that was not measured
 */
public record ExtractionPlan(
    PromptPreview prompts,
    PlannedLevel scenarios,
    PlannedLevel users,
    PlannedLevel items,
    List<String> mismatch,
    @Nullable Estimate estimate) {

  public ExtractionPlan {
    mismatch = List.copyOf(mismatch);
  }

  /**
   * One level.
   *
   * @param counts what would become of the prompts
   * @param tokens tokens to read, as the encoder counts them
   * @param characters code points to read
   */
  public record PlannedLevel(Counts counts, long tokens, long characters) {}

  /**
   * A measured time.
   *
   * @param seconds the time to read all prompts: {@code measuredSeconds} times their tokens by
   *     {@code measuredTokens}; by their numbers if the encoder counts no tokens
   * @param measuredPrompts what the encoder read, after others to warm up: prompts of those to
   *     read, drawn evenly
   * @param measuredTokens their tokens
   * @param measuredSeconds the time that it took
   */
  public record Estimate(
      double seconds, List<String> measuredPrompts, long measuredTokens, double measuredSeconds) {

    public Estimate {
      measuredPrompts = List.copyOf(measuredPrompts);
    }
  }

  /** Returns how many prompts would be read. */
  public long read() {
    return Stream.of(scenarios, users, items).mapToLong(level -> level.counts().read()).sum();
  }

  /** Returns how many tokens would be read. */
  public long tokens() {
    return Stream.of(scenarios, users, items).mapToLong(PlannedLevel::tokens).sum();
  }

  /** Returns this with the time of an encoder that has read some prompts; null is not measured. */
  ExtractionPlan with(@Nullable Estimate measured) {
    return new ExtractionPlan(prompts, scenarios, users, items, mismatch, measured);
  }
}
