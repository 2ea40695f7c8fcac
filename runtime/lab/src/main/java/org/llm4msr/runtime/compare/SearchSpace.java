package org.llm4msr.runtime.compare;

import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.TuningConfig.Range;
import org.llm4msr.runtime.config.loading.AnyValue;

/** Draws settings; the same seed gives the same trials, however many are requested. */
final class SearchSpace {

  /** After so many repeats in a row all points of the space count as drawn. */
  private static final int MOST_REPEATS = 100_000;

  private final Map<String, Range> ranges;

  /**
   * Makes a space.
   *
   * @param file the file that states it, for error texts
   */
  SearchSpace(Map<String, Range> ranges, Path file) {
    this.ranges = ranges;
    ranges.forEach(
        (key, range) -> {
          String wrong = wrong(range);
          if (wrong != null) {
            throw new MsrException(
                ErrorType.USER,
                "tune/SPACE",
                "%s: space.%s %s. Write {values: [1, 2, 4]}, {from: 4, to: 32, whole: true} or {from: 1e-4, to: 1e-2, log: true}."
                    .formatted(file, key, wrong));
          }
        });
  }

  private static @Nullable String wrong(Range range) {
    Double from = range.from();
    Double to = range.to();
    if (!range.values().isEmpty()) {
      return from == null && to == null && !range.log() && !range.whole()
          ? null
          : "has both values and a range";
    }
    if (from == null || to == null) {
      return "has neither values nor both ends of a range";
    }
    if (!(from < to)) {
      return "begins at %s and ends at %s".formatted(from, to);
    }
    if (range.whole() && (from != Math.rint(from) || to != Math.rint(to))) {
      return "draws whole numbers, but its ends are %s and %s".formatted(from, to);
    }
    return range.log() && from <= 0 ? "has a logarithm of " + from : null;
  }

  List<String> keys() {
    return List.copyOf(ranges.keySet());
  }

  /**
   * Returns the values of each trial, in the order of the keys; no two trials are the same, so
   * there are fewer if the space is smaller.
   */
  List<List<AnyValue>> draw(int trials, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Set<List<AnyValue>> drawn = new LinkedHashSet<>();
    int repeats = 0;
    while (drawn.size() < trials && repeats < MOST_REPEATS) {
      List<AnyValue> trial = ranges.values().stream().map(range -> draw(range, random)).toList();
      repeats = drawn.add(trial) ? 0 : repeats + 1;
    }
    return List.copyOf(drawn);
  }

  private static AnyValue draw(Range range, SplittableRandom random) {
    Double from = range.from();
    Double to = range.to();
    if (from == null || to == null) {
      return range.values().get(random.nextInt(range.values().size()));
    }
    double low = range.whole() ? from - 0.5 : from;
    double high = range.whole() ? to + 0.5 : to;
    double at = random.nextDouble();
    double value = range.log() ? low * Math.pow(high / low, at) : low + at * (high - low);
    String text =
        range.whole()
            ? Long.toString(Math.round(Math.min(Math.max(value, from), to)))
            : readable(value, from, to);
    return new AnyValue(text, text);
  }

  /** Three digits, after those that both ends share, are finer than any search. */
  private static String readable(double value, double from, double to) {
    double size = Math.max(Math.abs(from), Math.abs(to));
    int shared = (int) Math.max(0, Math.log10(size / (to - from)));
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(3 + shared));
    return Double.toString(Math.min(Math.max(rounded.doubleValue(), from), to));
  }
}
