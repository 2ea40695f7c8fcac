package org.llm4msr.plugins.llm;

import jakarta.validation.constraints.NotBlank;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the encoder {@code precomputed}. */
public record PrecomputedConfig(
    @Setting(
            "File with one vector per user: .parquet, .arrow, .feather, .npy, .safetensors, .csv or"
                + " .tsv, also .gz")
        @NotBlank
        String users,
    @Setting("File with one vector per scenario, of the same length") @NotBlank String scenarios,
    @Setting("File with one vector per item, of the same length; needed by knowledge.items")
        @Nullable String items,
    @Setting(
            "Column of the keys; without it, the first that has a name. In safetensors, an int64"
                + " array; without it, .keys.txt holds them")
        @Nullable String key,
    @Setting(
            "Column of lists, or of their text; without it, the only other column, or all"
                + " others together, one number each. In safetensors, the matrix; without it, the"
                + " only one")
        @Nullable String vector,
    @Setting(
            value =
                "What is stored for a key without a vector in its file: nothing, which is an error"
                    + " (fail), the zero vector, or the mean of the file. knowledge.missing is"
                    + " about users who get no prompt, and so are not looked up",
            defaultValue = "fail")
        Missing missing,
    @Setting(value = "What made the vectors; part of the store's key", defaultValue = "precomputed")
        @NotBlank
        String model) {

  /** What to do with a key without a vector. */
  public enum Missing {
    /** An error. */
    FAIL,
    /** The zero vector. */
    ZERO,
    /** The mean of all vectors of the file. */
    MEAN
  }
}
