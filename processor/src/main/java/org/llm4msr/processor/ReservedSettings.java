package org.llm4msr.processor;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Keys beside a plugin's own, which the runtime reads itself: those of its ReservedKeys. */
final class ReservedSettings {

  private static final Map<String, Set<String>> BY_FACTORY =
      Map.of(
          "org.llm4msr.api.data.DatasetReaderFactory",
          Set.of("path", "scenarios", "split", "minFrequency", "negatives", "malformed"),
          "org.llm4msr.api.knowledge.PromptBuilderFactory",
          Set.of("leakFutureInteractions", "positive"),
          "org.llm4msr.api.model.MetaNetworkFactory",
          Set.of("layers", "activation", "outputActivation"));

  private ReservedSettings() {}

  /** Returns the keys that no setting of a plugin of these factory types can have. */
  static Set<String> of(Set<String> factories) {
    Set<String> keys = new TreeSet<>(Set.of("name"));
    factories.forEach(factory -> keys.addAll(BY_FACTORY.getOrDefault(factory, Set.of())));
    return keys;
  }
}
