package org.llm4msr.runtime.data.prepared;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;

/** Which names further labels may have: they name columns of files, and parameters of models. */
public final class LabelNames {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");
  private static final Set<String> TAKEN = Set.of(RawSchema.LABEL, "score", "probability");

  private LabelNames() {}

  /** Says what is wrong with the first name that may not be one; null if there is none. */
  public static @Nullable String problem(List<String> names) {
    Set<String> seen = new HashSet<>(TAKEN);
    for (String name : names) {
      if (!NAME.matcher(name).matches()) {
        return "The further label '%s' has a name that is not of lower-case letters, digits and underscores"
            .formatted(name);
      }
      if (!seen.add(name)) {
        return "The further label '%s' has a name that is taken".formatted(name);
      }
    }
    return null;
  }
}
