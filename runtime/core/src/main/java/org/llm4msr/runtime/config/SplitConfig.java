package org.llm4msr.runtime.config;

import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** How rows are split into training, validation and test. */
public record SplitConfig(
    @Setting(
            value = "By time, each user's rows by time, as the publisher gave it, or at random",
            defaultValue = "time")
        By by,
    @Setting(
            value =
                "Shares of training, validation and test; by time, rows of one instant may lie on both sides of a cut, in their order in the files",
            defaultValue = "[4, 1, 1]")
        @Size(min = 3, max = 3)
        List<@Positive Double> ratio,
    @Setting("First day or instant (ISO 8601, UTC) of validation; with testFrom, instead of ratio")
        @Nullable String validationFrom,
    @Setting(
            "First day or instant (ISO 8601, UTC) of the test part; the same as validationFrom"
                + " leaves no validation part")
        @Nullable String testFrom,
    @Setting(value = "Seed of the random split", defaultValue = "0") long seed) {

  /** The ratio of configurations that state none. */
  public static final List<Double> DEFAULT_RATIO = List.of(4.0, 1.0, 1.0);

  /**
   * Returns the milliseconds since 1970 of an instant, or of the start of a day in UTC.
   *
   * @throws java.time.DateTimeException if the text is neither
   */
  public static long millis(String text) {
    return text.contains("T")
        ? OffsetDateTime.parse(text).toInstant().toEpochMilli()
        : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }

  /** The rule. */
  public enum By {
    /** By time, the oldest rows for training; ties by row order. */
    TIME,
    /** Each user's rows by time, the oldest for training, at least one; ties by row order. */
    USER_TIME,
    /** By the column {@code split} of the raw data. */
    GIVEN,
    /** At random, seeded. */
    RANDOM
  }
}
