package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Failure;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Rest;
import org.llm4msr.runtime.compare.ComparisonResult.Score;

/** The format of a comparison's numbers. */
final class CellFormat {

  /** The placeholder for a missing figure. */
  static final String NONE = "-";

  private CellFormat() {}

  static String value(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.4f", value);
  }

  static String p(@Nullable Double value) {
    return value != null && value < 1e-4 ? "<.0001" : value(value);
  }

  /** Returns a figure with its interval, if it has one. */
  static String interval(double mean, @Nullable Double low, @Nullable Double high) {
    return low == null || high == null
        ? String.format(Locale.ROOT, "%+.4f", mean)
        : String.format(Locale.ROOT, "%+.4f (%+.4f to %+.4f)", mean, low, high);
  }

  /** Returns a share in percent with its interval, if it has one. */
  static String share(Rest rest) {
    Double share = rest.share();
    return share == null
        ? NONE
        : rest.shareLow() == null || rest.shareHigh() == null
            ? String.format(Locale.ROOT, "%.0f %%", 100 * share)
            : String.format(
                Locale.ROOT,
                "%.0f %% (%.0f to %.0f)",
                100 * share,
                100 * rest.shareLow(),
                100 * rest.shareHigh());
  }

  static String seconds(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.1f", value);
  }

  static boolean isSignificant(Score score) {
    Difference difference = score.difference();
    return difference != null && difference.significant();
  }

  /** Returns which runs failed, those of one reason together; empty if none did. */
  static String failed(List<Failure> failures) {
    Map<String, List<String>> runs = new LinkedHashMap<>();
    for (Failure failure : failures) {
      runs.computeIfAbsent(failure.reason(), reason -> new ArrayList<>())
          .add(failure.model() + ", seed " + failure.seed());
    }
    return runs.entrySet().stream()
        .map(
            entry ->
                "%nFailed: %s: %s%n".formatted(String.join("; ", entry.getValue()), entry.getKey()))
        .collect(Collectors.joining());
  }

  /** Returns which models more epochs may improve; empty if there are none. */
  static String stillImproving(List<Model> models) {
    String names =
        models.stream()
            .filter(model -> model.stillImproving() > 0)
            .map(
                model ->
                    "%s (%d of %d runs)"
                        .formatted(
                            Cell.name(model.labels()), model.stillImproving(), model.runs().size()))
            .collect(Collectors.joining(", "));
    return names.isEmpty()
        ? ""
        : "Still improving at the last step: %s. Raise training.epochs.".formatted(names);
  }

  /**
   * Explains marks and brackets.
   *
   * @param deviations whether the table has them
   */
  static String legend(ComparisonResult result, boolean deviations) {
    int seeds = result.seeds().size();
    Measure measure = result.measure();
    return "%s%s on the %s part, mean of %d %s%s. %sBold: the best of its group. %s%s"
        .formatted(
            measure.title(),
            result.measured().phrase(),
            result.part(),
            seeds,
            seeds == 1 ? "seed" : "seeds",
            deviations && seeds > 1 ? " (standard deviation)" : "",
            measure.lowerIsBetter() ? "Lower is better. " : "",
            hasGaps(result)
                ? NONE
                    + (measure.isAuc()
                        ? ": no rows of both classes were measured. "
                        : ": it is not defined there. ")
                : "",
            star(seeds, ComparisonTable.isTooLarge(result.columns()), measure));
  }

  private static boolean hasGaps(ComparisonResult result) {
    return Stream.concat(
            result.models().stream().map(Model::scores),
            result.slices().stream().flatMap(slices -> slices.scores().stream()))
        .flatMap(List::stream)
        .anyMatch(score -> score.value() == null);
  }

  private static String star(int seeds, boolean tooLarge, Measure measure) {
    boolean tested = measure.isTested() && !tooLarge;
    if (!tested && seeds == 1) {
      return measure.isTested()
          ? "One seed, and too many rows for %s: no difference is tested."
              .formatted(measure.testTitle())
          : "One seed, and no test of this metric: no difference is tested.";
    }
    String sameRows = measure.testTitle() + " on the same rows";
    String test =
        !tested
            ? "a paired t-test over the seeds"
            : seeds > 1
                ? "a paired t-test over the seeds and " + sameRows
                : sameRows + ", which tells nothing of other seeds";
    return "*: differs from the first of its group, p < 0.05 by %s; not corrected for the number of tests."
        .formatted(test);
  }
}
