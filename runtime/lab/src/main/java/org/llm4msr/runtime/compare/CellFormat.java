package org.llm4msr.runtime.compare;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Rest;
import org.llm4msr.runtime.compare.ComparisonResult.Score;

/** The format of a comparison's numbers. */
final class CellFormat {

  /** The placeholder for a missing figure. */
  static final String NONE = "-";

  private CellFormat() {}

  static String auc(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.4f", value);
  }

  static String p(@Nullable Double value) {
    return value != null && value < 1e-4 ? "<.0001" : auc(value);
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
    return "AUC%s on the %s part, mean of %d %s%s. Bold: the best of its group. %s%s"
        .formatted(
            result.measured().phrase(),
            result.part(),
            seeds,
            seeds == 1 ? "seed" : "seeds",
            deviations && seeds > 1 ? " (standard deviation)" : "",
            hasGaps(result) ? NONE + ": no rows of both classes were measured. " : "",
            star(seeds, ComparisonTable.isTooLarge(result.columns())));
  }

  private static boolean hasGaps(ComparisonResult result) {
    return Stream.concat(
            result.models().stream().map(Model::scores),
            result.slices().stream().flatMap(slices -> slices.scores().stream()))
        .flatMap(List::stream)
        .anyMatch(score -> score.auc() == null);
  }

  private static String star(int seeds, boolean tooLarge) {
    if (tooLarge && seeds == 1) {
      return "One seed, and too many rows for DeLong's test: no difference is tested.";
    }
    String test =
        tooLarge
            ? "a paired t-test over the seeds"
            : seeds > 1
                ? "a paired t-test over the seeds and DeLong's test on the same rows"
                : "DeLong's test on the same rows, which tells nothing of other seeds";
    return "*: differs from the first of its group, p < 0.05 by %s; not corrected for the number of tests."
        .formatted(test);
  }
}
