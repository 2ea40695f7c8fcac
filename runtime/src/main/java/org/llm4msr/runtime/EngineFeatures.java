package org.llm4msr.runtime;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.UnsupportedFeatureException;

/** What the tensor engines that the runtime supports can do. */
public final class EngineFeatures {

  private static final Map<String, Set<EngineFeature>> ENGINES =
      new TreeMap<>(Map.of("PyTorch", Set.of(EngineFeature.values()), "MXNet", Set.of()));

  private EngineFeatures() {}

  /** Returns what an engine can do beyond plain operations; nothing where it is not known. */
  public static Set<EngineFeature> of(String engine) {
    return ENGINES.getOrDefault(engine, Set.of());
  }

  /**
   * Refuses an engine that lacks a feature.
   *
   * @param plugin who needs them, for the message
   * @throws UnsupportedFeatureException naming what is lacking and the engines that have it
   */
  public static void require(String engine, String plugin, Set<EngineFeature> needed) {
    Set<EngineFeature> missing = new TreeSet<>(needed);
    missing.removeAll(of(engine));
    if (!missing.isEmpty()) {
      String lacking = missing.stream().map(Enum::name).collect(Collectors.joining(", "));
      throw new UnsupportedFeatureException(
          lacking,
          "%s needs it and the engine %s does not have it. Set runtime.engine to %s."
              .formatted(plugin, engine, enginesWith(missing)));
    }
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
