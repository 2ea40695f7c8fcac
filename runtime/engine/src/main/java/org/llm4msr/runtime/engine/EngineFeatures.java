package org.llm4msr.runtime.engine;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.runtime.config.PluginChoice;

/** Asks what engines can do by their names, without loading one, and refuses what they lack. */
public final class EngineFeatures {

  private static final Map<String, Set<EngineFeature>> ENGINES =
      new TreeMap<>(
          Map.of(
              PyTorchEngine.NAME, PyTorchEngine.FEATURES, MxNetEngine.NAME, MxNetEngine.FEATURES));

  private EngineFeatures() {}

  /** Returns {@link TensorEngine#features} of an engine; nothing if it is not known. */
  public static Set<EngineFeature> of(String engine) {
    return ENGINES.getOrDefault(engine, Set.of());
  }

  /**
   * Refuses an engine that lacks a feature which a plugin needs with its settings.
   *
   * @throws UnsupportedFeatureException naming what is missing and the engines that have it
   */
  public static void require(String engine, PluginChoice<?, ?> plugin) {
    require(engine, "The plugin " + plugin.name(), plugin.engineFeatures());
  }

  /**
   * Refuses an engine that lacks a feature.
   *
   * @param plugin the plugin that needs them, for the message
   * @throws UnsupportedFeatureException naming what is missing and the engines that have it
   */
  public static void require(String engine, String plugin, Set<EngineFeature> needed) {
    Set<EngineFeature> missing = new TreeSet<>(needed);
    missing.removeAll(of(engine));
    if (!missing.isEmpty()) {
      String lacking = missing.stream().map(Enum::name).collect(Collectors.joining(", "));
      throw new UnsupportedFeatureException(
          lacking,
          "%s needs it, but the engine %s does not have it. %s."
              .formatted(plugin, engine, wayOut(needed)));
    }
  }

  /** Returns the supported engines that have all of some features. */
  public static Set<String> having(Set<EngineFeature> wanted) {
    return ENGINES.entrySet().stream()
        .filter(engine -> engine.getValue().containsAll(wanted))
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns what a user can do who needs some features. */
  public static String wayOut(Set<EngineFeature> needed) {
    Set<String> engines = having(needed);
    return engines.isEmpty()
        ? "No supported engine has everything it needs; choose another plugin"
        : "Set runtime.engine to " + String.join(" or ", engines);
  }
}
