package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.RoughTime;
import org.llm4msr.runtime.text.TextTable;

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

  /** Longer times are told in minutes. */
  private static final int SECONDS_SHOWN = 120;

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
  public record PlannedLevel(Counts counts, long tokens, long characters) {

    private List<String> row(String level) {
      long without = counts.without().all();
      return Stream.concat(
              Stream.of(level),
              LongStream.of(counts.read(), counts.stored(), without, tokens, characters)
                  .mapToObj(count -> String.format(Locale.ROOT, "%,d", count)))
          .toList();
    }
  }

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

  /** Returns the first prompts, a table of the levels, who gets no vector, and the time. */
  public String text() {
    List<String> headings =
        List.of(
            "level", ">to read", ">stored already", ">without vector", ">tokens", ">characters");
    String unlike =
        mismatch.isEmpty()
            ? ""
            : "The store that is there is of no use (%s): all is read, with --rebuild.%n"
                .formatted(String.join("; ", mismatch));
    return prompts.text()
        + TextTable.of(
            headings, List.of(scenarios.row("scenario"), users.row("user"), items.row("item")))
        + unlike
        + users.counts().withoutVector("users")
        + items.counts().withoutVector("items")
        + time();
  }

  private String time() {
    if (read() == 0) {
      return "nothing to read";
    }
    if (estimate == null) {
      return "No estimate of the time: nothing was read. Add --measure to have some prompts read,"
          + " which a service may charge for.";
    }
    List<String> read = estimate.measuredPrompts();
    return String.format(
        Locale.ROOT,
        "Reading takes about %s, by tokens: %d of these prompts, with %,d tokens, took %.2f s,"
            + " after others to warm up. Read were %s%s.",
        estimate.seconds() < SECONDS_SHOWN
            ? String.format(Locale.ROOT, "%.0f s", Math.ceil(estimate.seconds()))
            : RoughTime.of(estimate.seconds()),
        read.size(),
        estimate.measuredTokens(),
        estimate.measuredSeconds(),
        read.size() > Counts.NAMED ? "among others " : "",
        String.join(", ", read.subList(0, Math.min(read.size(), Counts.NAMED))));
  }
}
