package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The libraries of the runtime that a plugin folder brings in vain. */
final class IgnoredLibraries {

  /** Those of the {@link SharedPackages} whose version matters to a plugin. */
  private static final List<String> LIBRARIES = List.of("ai.djl", "org.apache.arrow");

  private IgnoredLibraries() {}

  /** Says which ones a folder holds, in which jars; empty if none. */
  static Optional<String> of(ClassLoader loader) {
    if (!(loader instanceof PluginClassLoader plugin)) {
      return Optional.empty();
    }
    List<String> copies = new ArrayList<>();
    for (String library : LIBRARIES) {
      List<String> jars =
          plugin.jars().stream()
              .filter(jar -> holds(jar, library, plugin))
              .map(jar -> String.valueOf(jar.getFileName()))
              .toList();
      if (!jars.isEmpty()) {
        copies.add("%s (%s)".formatted(library, String.join(", ", jars)));
      }
    }
    return copies.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "The plugin folder %s holds copies of %s, which are ignored: plugins use the runtime's. Leave them out: in the plugin's POM, llm4msr-api has <scope>provided</scope>."
                .formatted(plugin.folder(), String.join(" and ", copies)));
  }

  private static boolean holds(Path jar, String library, PluginClassLoader plugin) {
    String start = library.replace('.', '/') + "/";
    try {
      return PluginJar.read(jar).entries().stream()
          .filter(name -> name.startsWith(start) && name.endsWith(".class"))
          .anyMatch(plugin::isOfRuntime);
    } catch (IOException e) {
      return false; // Told when the folder was opened.
    }
  }
}
