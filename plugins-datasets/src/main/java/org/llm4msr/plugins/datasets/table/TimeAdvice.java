package org.llm4msr.plugins.datasets.table;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** What the first values of a column tell of its times. */
final class TimeAdvice {

  private static final Pattern DIGITS = Pattern.compile("\\d+(\\.\\d+)?");
  private static final Pattern ISO = Pattern.compile("\\d{4}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}.*)?");

  /** Two numbers and a year, in any order, and a time of the day. */
  private static final Pattern DATE =
      Pattern.compile(
          "(?<first>\\d{1,2})(?<mark>[./-])(?<second>\\d{1,2})\\k<mark>\\d{4}"
              + "(?<clock> \\d{1,2}:\\d{2}(?<seconds>:\\d{2})?(?<half> [AaPp][Mm])?)?");

  /** The least numbers that are seconds, milliseconds and microseconds of a time from 1980 on. */
  private static final double SECONDS = 315_532_800;

  private static final double MILLIS = SECONDS * 1_000;
  private static final double MICROS = MILLIS * 1_000;

  private TimeAdvice() {}

  /**
   * Returns a sentence; empty if values are no times, or as they are said to be.
   *
   * @param unit as which they cannot be read
   */
  static String of(List<String> values, TimeUnit unit) {
    if (areMost(values, DIGITS)) {
      return ofNumbers(values, unit);
    }
    if (areMost(values, ISO)) {
      return unit == TimeUnit.TIMESTAMP
          ? ""
          : "Its first values are dates: set dataset.timeUnit to timestamp.";
    }
    if (!areMost(values, DATE)) {
      return unit == TimeUnit.TIMESTAMP
          ? "Times are written as 2024-03-01 10:00:00, or as dataset.timeFormat says."
          : "";
    }
    String other = unit == TimeUnit.TIMESTAMP ? "" : "dataset.timeUnit to timestamp, and ";
    return "Its first values are dates: set %sdataset.timeFormat to '%s'."
        .formatted(other, String.join("' or '", formats(values)));
  }

  private static boolean areMost(List<String> values, Pattern pattern) {
    return ValueAdvice.areMost(values, value -> pattern.matcher(value).matches());
  }

  private static String ofNumbers(List<String> values, TimeUnit unit) {
    if (areMost(values, MICROS)) {
      return "Its first values seem to be in microseconds: divide them by 1,000,000, into seconds.";
    }
    TimeUnit found =
        areMost(values, MILLIS)
            ? TimeUnit.MILLISECONDS
            : areMost(values, SECONDS) ? TimeUnit.SECONDS : unit;
    return found == unit
        ? ""
        : "Its first values seem to be in %1$s: set dataset.timeUnit to %1$s."
            .formatted(found == TimeUnit.SECONDS ? "seconds" : "milliseconds");
  }

  private static boolean areMost(List<String> values, double least) {
    return ValueAdvice.areMost(
        values, value -> DIGITS.matcher(value).matches() && Double.parseDouble(value) >= least);
  }

  /** Returns the formats that dates have, the likeliest first: both if no day is above 12. */
  private static List<String> formats(List<String> values) {
    boolean dayFirst = true;
    boolean monthFirst = true;
    String mark = ".";
    String clock = "";
    for (String value : values) {
      Matcher date = DATE.matcher(value);
      if (date.matches()) {
        monthFirst &= Integer.parseInt(date.group("first")) <= 12;
        dayFirst &= Integer.parseInt(date.group("second")) <= 12;
        mark = date.group("mark");
        clock = clock(date);
      }
    }
    List<String> formats = new ArrayList<>();
    if (dayFirst || !monthFirst) {
      formats.add("%d" + mark + "%m" + mark + "%Y" + clock);
    }
    if (monthFirst && !(dayFirst && mark.equals("."))) {
      formats.add("%m" + mark + "%d" + mark + "%Y" + clock);
    }
    return formats;
  }

  private static String clock(Matcher date) {
    if (date.group("clock") == null) {
      return "";
    }
    boolean isHalf = date.group("half") != null;
    return (isHalf ? " %I:%M" : " %H:%M")
        + (date.group("seconds") == null ? "" : ":%S")
        + (isHalf ? " %p" : "");
  }
}
