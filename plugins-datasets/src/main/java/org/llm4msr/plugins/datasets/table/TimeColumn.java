package org.llm4msr.plugins.datasets.table;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.plugins.datasets.sql.Advice;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;
import org.llm4msr.toolkit.database.SqlText;

/**
 * A column of times.
 *
 * @param format of texts, null for ISO 8601
 */
record TimeColumn(String name, TimeUnit unit, @Nullable String format) {

  private static final String SINCE_1980 = "315532800000";

  /** Returns a time of the log in milliseconds since 1970, in SQL, and refuses rows without one. */
  String ofLog(TableInput input, List<String> missing) {
    String value = value(input, missing);
    switch (unit) {
      case SECONDS ->
          require(input, value + " >= 0", "a time since 1970 in seconds (dataset.timeUnit)");
      case MILLISECONDS ->
          require(
              input,
              value + " >= " + SINCE_1980,
              "a time since 1980 in milliseconds since 1970 (dataset.timeUnit)");
      default ->
          require(
              input,
              "%1$s >= TIMESTAMPTZ '1980-01-01 00:00:00+00' AND %1$s < TIMESTAMPTZ '2200-01-01 00:00:00+00'"
                  .formatted(value),
              "a time from 1980 to 2200");
    }
    return millis(value);
  }

  /**
   * Returns a time in milliseconds since 1970, in SQL, and refuses rows without one. It may be as
   * early as it likes: what is valid since 1970 is valid for all rows.
   */
  String of(TableInput input, List<String> missing) {
    return millis(value(input, missing));
  }

  private String millis(String value) {
    return switch (unit) {
      case SECONDS -> "(" + value + " * 1000)::BIGINT";
      case MILLISECONDS -> value + "::BIGINT";
      case TIMESTAMP -> "epoch_ms(" + value + ")";
    };
  }

  private String value(TableInput input, List<String> missing) {
    if (unit == TimeUnit.TIMESTAMP) {
      String instant = input.parsed(name, this::instant, "a time", missing, advice());
      require(input, "%1$s IS NOT NULL AND isfinite(%1$s)".formatted(instant), "a time");
      return instant;
    }
    String number = input.number(name, missing, advice());
    boolean seconds = unit == TimeUnit.SECONDS;
    require(
        input,
        "abs(" + number + ") < " + (seconds ? "7258118400" : "7258118400000"),
        "a time before 2200 in %s since 1970 (dataset.timeUnit)"
            .formatted(seconds ? "seconds" : "milliseconds"));
    return number;
  }

  private String instant(String cell) {
    return format == null
        ? "TRY_CAST(" + cell + " AS TIMESTAMPTZ)"
        : "try_strptime(%s::VARCHAR, %s)::TIMESTAMPTZ".formatted(cell, SqlText.literal(format));
  }

  private void require(TableInput input, String holds, String expected) {
    input.requireThat(name, holds, expected, advice());
  }

  private Advice advice() {
    return values -> TimeAdvice.of(values, unit);
  }
}
