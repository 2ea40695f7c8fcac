package org.llm4msr.runtime.config;

import java.nio.file.Path;
import java.util.List;

/**
 * A configuration that was read, bound and validated.
 *
 * @param config the values
 * @param file the file it came from
 * @param effective every setting with its value and where that came from
 * @param warnings what works and should be mended
 */
public record LoadedConfig(
    ExperimentConfig config, Path file, EffectiveConfig effective, List<String> warnings) {

  public LoadedConfig {
    warnings = List.copyOf(warnings);
  }

  /**
   * Returns this with the knowledge, model and training of another: those that a run was made with.
   */
  public LoadedConfig withModelOf(LoadedConfig other) {
    ExperimentConfig merged =
        new ExperimentConfig(
            config.workspace(),
            config.dataset(),
            other.config.knowledge(),
            other.config.model(),
            other.config.training(),
            config.runtime());
    return new LoadedConfig(merged, file, effective, warnings);
  }

  /** Returns the folder against which paths in the configuration are resolved. */
  public Path base() {
    Path parent = file.toAbsolutePath().normalize().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
