package org.llm4msr.api.features;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * What one request asks for.
 *
 * @param user raw id, null if the request has none
 * @param scenario key of the scenario
 * @param items raw ids in the order of the request; one may be there twice
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record FeatureQuery(@Nullable String user, String scenario, List<String> items) {

  public FeatureQuery {
    items = List.copyOf(items);
  }
}
