package org.llm4msr.runtime.plugins;

import java.util.List;

/**
 * The packages that a plugin in a folder takes from the runtime, if it has them, and never from its
 * own jars: types that cross the SPI must be the same class on both sides, and a native library
 * loads into one class loader only. Everything else a plugin brings itself.
 */
final class SharedPackages {

  /** The package of which a plugin must not bring a copy. */
  static final String API = "org.llm4msr.api.";

  private static final List<String> PACKAGES =
      List.of(
          API,
          "jakarta.validation.",
          "org.slf4j.",
          "ai.djl.",
          "org.apache.arrow.",
          "org.jspecify.annotations.");

  /**
   * DJL looks for its native libraries through the context class loader, and for its engines as
   * services.
   */
  private static final List<String> RESOURCES =
      List.of("native/lib/", "jnilib/", "META-INF/services/ai.djl.", "ai/djl/");

  private SharedPackages() {}

  static boolean holdClass(String name) {
    return PACKAGES.stream().anyMatch(name::startsWith);
  }

  static boolean holdResource(String name) {
    return RESOURCES.stream().anyMatch(name::startsWith) || name.endsWith("-engine.properties");
  }
}
