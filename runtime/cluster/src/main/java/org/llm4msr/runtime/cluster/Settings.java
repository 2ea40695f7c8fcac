package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * What a process of a cluster is told, by name.
 *
 * @param values texts, numbers, booleans, lists of texts
 */
record Settings(Map<?, ?> values) {

  /** Takes what a job is called with. */
  static Settings of(Object argument) {
    return new Settings((Map<?, ?>) argument);
  }

  String text(String name) {
    return requireNonNull(optional(name), name);
  }

  @Nullable String optional(String name) {
    return (String) values.get(name);
  }

  Number number(String name) {
    return (Number) required(name);
  }

  Object required(String name) {
    return requireNonNull(values.get(name), name);
  }

  boolean is(String name) {
    return Boolean.TRUE.equals(values.get(name));
  }

  Path folder(String name) {
    return Path.of(text(name));
  }

  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    if (values.get(name) instanceof Collection<?> all) {
      all.forEach(text -> texts.add((String) text));
    }
    return texts;
  }

  /**
   * Finds the plugins that the class path of the runtime and the folders of {@code plugins} hold.
   */
  PluginRegistry plugins() {
    return PluginRegistry.load(texts("plugins").stream().map(Path::of).toList());
  }

  /** Makes a loader of configurations with the same plugins. */
  ConfigLoader loader() {
    return ConfigLoader.standard(plugins());
  }
}
