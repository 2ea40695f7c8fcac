package org.llm4msr.plugins.datasets.generator.kuaisar;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Size and strength of the generated log. */
public record KuaiSarGeneratorConfig(
    @Setting(value = "Release whose columns are written: full or small", defaultValue = "full")
        @Pattern(regexp = "full|small", message = "must be full or small")
        String release,
    @Setting(value = "Rows of all scenarios together", defaultValue = "300000")
        @Min(1000)
        @Max(2_000_000_000L)
        long interactions,
    @Setting("Users; by default one for every 50 interactions") @Min(10) @Nullable Integer users,
    @Setting("Items; by default one for every 60 interactions") @Min(100) @Nullable Integer items,
    @Setting(
            value = "Scenarios: recommendation, search, and further feeds of the same app",
            defaultValue = "5")
        @Min(1)
        @Max(100)
        int scenarios,
    @Setting(value = "Topics that items have and users like", defaultValue = "30") @Min(2) @Max(30)
        int topics,
    @Setting(
            value = "Exponent of Zipf's law over the sizes of the scenarios; 0: all the same size",
            defaultValue = "0.8")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "3.0", message = "must be at most 3")
        double scenarioSkew,
    @Setting(
            value = "Logits between a topic that a user does not care for and a favourite",
            defaultValue = "3.0")
        @Positive
        double interestStrength,
    @Setting(
            value =
                "Logits between an item whose style the user dislikes and one whose style the user"
                    + " likes; only the words of its caption show the style. 0: no styles",
            defaultValue = "0.0")
        @PositiveOrZero
        double textStrength,
    @Setting(
            value = "Share of the items that appear only in the last third of the rows",
            defaultValue = "0.0")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "0.9", message = "must be at most 0.9")
        double lateItems,
    @Setting(
            value = "Share of the users that appear only in the last third of the rows",
            defaultValue = "0.0")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "0.9", message = "must be at most 0.9")
        double lateUsers,
    @Setting(value = "Days that the log spans", defaultValue = "20") @Min(1) @Max(3650) int days,
    @Setting(value = "Seed of everything that is drawn", defaultValue = "7") long seed) {

  /** Returns whether the columns are those of the small release. */
  boolean small() {
    return release.equals("small");
  }

  /** Returns whether items have styles. */
  boolean hasStyles() {
    return textStrength > 0;
  }

  /** Returns the number of users to generate. */
  int userCount() {
    return users != null ? users : (int) Math.min(1 << 28, Math.max(10, interactions / 50));
  }

  /** Returns the number of items to generate. */
  int itemCount() {
    return items != null ? items : (int) Math.min(1 << 27, Math.max(100, interactions / 60));
  }
}
