package org.llm4msr.runtime;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.llm4msr.api.EngineFeature;

/** What the tensor engines that the runtime supports can do. */
final class EngineFeatures {

  private static final Map<String, Set<EngineFeature>> ENGINES =
      new TreeMap<>(Map.of("PyTorch", Set.of(EngineFeature.values()), "MXNet", Set.of()));

  private EngineFeatures() {}

  static Set<EngineFeature> of(String engine) {
    return ENGINES.getOrDefault(engine, Set.of());
  }

  static String enginesWith(Set<EngineFeature> wanted) {
    String names =
        ENGINES.entrySet().stream()
            .filter(engine -> engine.getValue().containsAll(wanted))
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(" or "));
    return names.isEmpty() ? "another engine; none that is supported has it" : names;
  }
}
