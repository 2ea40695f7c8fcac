package org.llm4msr.plugins.datasets.published;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.llm4msr.api.Setting;

/** What to read from Ali-CCP. */
public record AliCcpConfig(
    @Setting(
            value =
                "Whether the fields with many values (210, 109_14, 110_14, 127_14, 150_14) are read",
            defaultValue = "true")
        boolean lists,
    @Setting(
            value =
                "Whether the values of 508, 509, 702 and 853 are fields (D508 ...), besides"
                    + " their ids",
            defaultValue = "false")
        boolean numericFields,
    @Setting(
            value =
                "Share of the published training rows that is for validation, drawn by sample_id",
            defaultValue = "0.1")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.9", message = "must be at most 0.9")
        double validationShare,
    @Setting(
            value = "Whether the values in those with many values weigh these",
            defaultValue = "false",
            before = "false")
        boolean listWeights,
    @Setting(
            value = "Further labels, by their columns of the skeleton: purchase",
            defaultValue = "[]",
            before = "[]")
        List<@Pattern(regexp = "purchase", message = "must be purchase") String> labels) {

  /** Makes settings without further labels, which read lists without weights. */
  public AliCcpConfig(boolean lists, boolean numericFields, double validationShare) {
    this(lists, numericFields, validationShare, false, List.of());
  }
}
