package org.llm4msr.runtime.plugins;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.SpiVersion;

/** The versions that explain why two parts do not fit each other. */
final class Versions {

  /** A class of each shared library. */
  private static final Map<String, String> SHARED = new LinkedHashMap<>();

  static {
    SHARED.put("llm4msr-api", "org.llm4msr.api.Plugin");
    SHARED.put("DJL", "ai.djl.Device");
    SHARED.put("Arrow", "org.apache.arrow.vector.ValueVector");
    SHARED.put("jakarta.validation", "jakarta.validation.Constraint");
    SHARED.put("slf4j", "org.slf4j.Logger");
  }

  private Versions() {}

  /** Names the runtime's SPI and shared libraries, and the jars of the plugin's folder. */
  static String of(@Nullable ClassLoader loader) {
    String runtime =
        SHARED.entrySet().stream()
            .map(shared -> shared.getKey() + " " + jarOf(shared.getValue()))
            .collect(Collectors.joining(", "));
    String text = "SPI %s of this runtime, with %s".formatted(SpiVersion.CURRENT, runtime);
    if (!(loader instanceof PluginClassLoader plugin)) {
      return text;
    }
    String jars = plugin.jars().stream().map(Versions::describe).collect(Collectors.joining(", "));
    return text + "; the folder " + plugin.folder() + " holds " + jars;
  }

  private static String describe(Path jar) {
    String spi = PluginOrigin.of(jar).spiVersion();
    return jar.getFileName() + (spi == null ? "" : " (compiled with SPI " + spi + ")");
  }

  /** The name of a jar has the version in it; not every manifest does. */
  private static String jarOf(String name) {
    try {
      Class<?> type = Class.forName(name, false, Versions.class.getClassLoader());
      return String.valueOf(Path.of(PluginOrigin.of(type).location()).getFileName());
    } catch (ClassNotFoundException e) {
      return "absent";
    }
  }
}
