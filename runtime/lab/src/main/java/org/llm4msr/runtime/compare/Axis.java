package org.llm4msr.runtime.compare;

import java.util.List;
import java.util.Set;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.loading.AnyValue;

/**
 * A setting that varies along one side of the grid.
 *
 * @param key key of an experiment, for example {@code model.backbone}
 * @param title heading in tables
 */
record Axis(String key, String title, List<AnyValue> values) {

  static final String BACKBONE = "model.backbone";
  static final String FUSION = "model.fusion";

  /** Only models that read knowledge have several values. */
  static final String CONTROL = "knowledge.control";

  private static final String DATASET = "dataset";
  private static final String KNOWLEDGE = "knowledge";
  private static final Set<String> PLUGINS = Set.of(BACKBONE, FUSION);

  Axis {
    values = List.copyOf(values);
  }

  /**
   * Returns the value as an override of an experiment. The name of a plugin alone keeps the
   * settings that the experiment has for its kind.
   */
  String override(int value) {
    String yaml = values.get(value).yaml();
    boolean name = PLUGINS.contains(key) && !yaml.startsWith("{");
    return (name ? key + ".name=" : key + "=") + yaml;
  }

  /** Returns whether other values need other prepared data or another knowledge store. */
  boolean needsWorkspace() {
    return needsWorkspace(key);
  }

  /** Returns whether other values of a key need other prepared data or another store. */
  static boolean needsWorkspace(String key) {
    String[] parts = key.split("\\.", 2);
    return parts[0].equals(DATASET)
        || (parts[0].equals(KNOWLEDGE)
            && (parts.length == 1 || !KnowledgeConfig.isOfReading(parts[1])));
  }
}
