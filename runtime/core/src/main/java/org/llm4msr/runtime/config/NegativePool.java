package org.llm4msr.runtime.config;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/**
 * The rows whose items negatives are drawn from; always those of the positive's scenario.
 *
 * @param rule null where days are given
 * @param days null where a rule is given
 */
public record NegativePool(
    @Word @Nullable Rule rule,
    @Setting("Rows of the positive's own part, at most this many days before or after it")
        @Nullable
        @Min(1)
        @Max(36_500)
        Integer days) {

  /** Rows of the positive's own part. */
  public static final NegativePool PART = new NegativePool(Rule.PART, null);

  /** Rows of the positive's own part and of the parts before it. */
  public static final NegativePool EARLIER = new NegativePool(Rule.EARLIER, null);

  /** Returns rows of the positive's own part near to it in time. */
  public static NegativePool near(int days) {
    return new NegativePool(null, days);
  }

  @AssertTrue(message = "must be part, earlier, or days: N, for example { days: 30 }")
  boolean isStated() {
    return (rule == null) != (days == null);
  }

  /** The rules without a number. */
  public enum Rule {
    /** Rows of the positive's own part. */
    PART,
    /** Rows of its own part and of the parts before it. */
    EARLIER
  }
}
