package org.llm4msr.plugins.datasets.published;

import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.llm4msr.api.Setting;

/** What to read from KuaiRand. */
public record KuaiRandConfig(
    @Setting(value = "The column of the log that is the label", defaultValue = "is_click")
        @Pattern(
            regexp = "is_click|is_like|is_follow|is_comment|is_forward|long_view",
            message = "must be is_click, is_like, is_follow, is_comment, is_forward or long_view")
        String label,
    @Setting(value = "Whether the log of random exposure is also read", defaultValue = "false")
        boolean randomLog,
    @Setting(
            value = "Whether a user's counts and a video's length are fields, besides their ranges",
            defaultValue = "false")
        boolean numericFields,
    @Setting(
            value =
                "Whether the counts of the statistics file are fields, as ln(1 + count); they"
                    + " cover the whole time of the log, and so include the test part",
            defaultValue = "false")
        boolean statistics,
    @Setting(
            value =
                "Whether the text on a video's cover, of the file of captions, is part of its text",
            defaultValue = "false",
            before = "false")
        boolean coverText,
    @Setting(
            value =
                "Further labels, by their columns of the log: is_click, is_like, is_follow,"
                    + " is_comment, is_forward, is_hate, long_view, is_profile_enter",
            defaultValue = "[]",
            before = "[]")
        List<
                @Pattern(
                    regexp =
                        "is_click|is_like|is_follow|is_comment|is_forward|is_hate|long_view|is_profile_enter",
                    message =
                        "must be is_click, is_like, is_follow, is_comment, is_forward, is_hate,"
                            + " long_view or is_profile_enter")
                String>
            labels) {

  /** Makes settings without further labels. */
  public KuaiRandConfig(
      String label,
      boolean randomLog,
      boolean numericFields,
      boolean statistics,
      boolean coverText) {
    this(label, randomLog, numericFields, statistics, coverText, List.of());
  }
}
