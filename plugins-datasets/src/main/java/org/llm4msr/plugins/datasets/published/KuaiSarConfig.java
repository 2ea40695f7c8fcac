package org.llm4msr.plugins.datasets.published;

import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.llm4msr.api.Setting;

/** What to read from KuaiSAR. */
public record KuaiSarConfig(
    @Setting(value = "Whether a caption's words are a field", defaultValue = "true")
        boolean captions,
    @Setting(value = "Whether a query's words are a field", defaultValue = "true") boolean keywords,
    @Setting(
            value =
                "Whether the words of queries and captions share one vocabulary and one table of"
                    + " vectors",
            defaultValue = "false",
            before = "false")
        boolean sharedWords,
    @Setting(
            value = "Whether the source of a search and the type of its result are fields",
            defaultValue = "false",
            before = "false")
        boolean searches,
    @Setting(
            value = "Whether the users whom a user follows are a field",
            defaultValue = "false",
            before = "false")
        boolean followed,
    @Setting(
            value =
                "Whether a video's length, in recommendation alone, and the day of its upload are"
                    + " fields",
            defaultValue = "false",
            before = "false")
        boolean numericFields,
    @Setting(
            value =
                "Further labels, by their columns of the recommendation log: forward, like, follow,"
                    + " search; those of rows of search are not known",
            defaultValue = "[]",
            before = "[]")
        List<
                @Pattern(
                    regexp = "forward|like|follow|search",
                    message = "must be forward, like, follow or search")
                String>
            labels) {

  /** Makes settings without further labels. */
  public KuaiSarConfig(
      boolean captions,
      boolean keywords,
      boolean sharedWords,
      boolean searches,
      boolean followed,
      boolean numericFields) {
    this(captions, keywords, sharedWords, searches, followed, numericFields, List.of());
  }
}
