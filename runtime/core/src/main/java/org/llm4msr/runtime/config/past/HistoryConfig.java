package org.llm4msr.runtime.config.past;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** How alike a row's item is to those that its user met before, as one more field of any model. */
public record HistoryConfig(
    @Setting(
            value = "L, how many of the newest positives, and of the newest negatives, are read",
            defaultValue = "50")
        @Min(1)
        @Max(1000)
        int length,
    @Setting(value = "Bins of the histogram of similarities", defaultValue = "10") @Min(1) @Max(100)
        int bins,
    @Setting(
            value = "Whether events of the row's scenario and of all others are told apart",
            defaultValue = "true")
        boolean byScenario,
    @Setting(value = "Whether logged negatives are read too", defaultValue = "true")
        boolean negatives,
    @Setting(
            value =
                "training: events of the training part; row: also those of later parts that are"
                    + " earlier than the row. Every result is marked",
            defaultValue = "training")
        Until until,
    @Setting(
            value =
                "How far principal components of items are scaled to the same deviation before"
                    + " cosines are taken: 0 not at all, 1 fully; needs knowledge.components",
            defaultValue = "0.0")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "1.0", message = "must be at most 1")
        double whitening,
    @Setting("Width of the field; by default model.embeddingSize") @Min(1) @Max(4096)
        @Nullable Integer width,
    @Setting(
            "The further label of the data that tells positives from negatives; rows where it is"
                + " not known are not read. By default it is the main one")
        @Nullable String positive) {

  /** Makes settings by which the main label tells positives from negatives. */
  public HistoryConfig(
      int length,
      int bins,
      boolean byScenario,
      boolean negatives,
      Until until,
      double whitening,
      @Nullable Integer width) {
    this(length, bins, byScenario, negatives, until, whitening, width, null);
  }

  /** Returns the width of the field beside others of a width. */
  public int widthBeside(int embeddingSize) {
    return width == null ? embeddingSize : width;
  }

  /** The last part whose events are read. */
  public enum Until {
    /** The training part. */
    TRAINING,
    /** The row's own part. */
    ROW
  }
}
