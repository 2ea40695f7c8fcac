package org.llm4msr.runtime.config.loading;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.text.ShellWord;

/**
 * A configuration that was read, bound and validated.
 *
 * @param config the values
 * @param file the file that it came from
 * @param effective every setting with its value and where that came from
 * @param warnings about what works but should be changed
 */
public record LoadedConfig(
    ExperimentConfig config, Path file, EffectiveConfig effective, List<String> warnings) {

  public LoadedConfig {
    warnings = List.copyOf(warnings);
  }

  /**
   * Returns this with the knowledge, model and training of another configuration: that of a run.
   */
  public LoadedConfig withModelOf(LoadedConfig other) {
    ExperimentConfig merged =
        new ExperimentConfig(
            config.workspace(),
            config.dataset(),
            other.config.knowledge(),
            other.config.model(),
            other.config.training(),
            config.scoring(),
            config.evaluation(),
            config.runtime(),
            config.spark());
    return with(merged);
  }

  /** Returns this with other values, of which the effective settings say nothing. */
  public LoadedConfig with(ExperimentConfig values) {
    return new LoadedConfig(values, file, effective, warnings);
  }

  /**
   * Returns the section {@code model}.
   *
   * @throws MsrException {@code config/NO_MODEL} if there is none
   */
  public ModelConfig model() {
    if (config.model() == null) {
      throw new MsrException(
          ErrorType.USER,
          "config/NO_MODEL",
          "%s has no section model, which says what is trained. Add one that names a backbone, for example model: { backbone: mmoe }; `llm4msr plugins list` has the names."
              .formatted(file));
    }
    return config.model();
  }

  /** Returns the file as a word of a shell, for commands that texts show. */
  public String shellWord() {
    return ShellWord.quoted(file.toString());
  }

  /** Returns the folder against which paths in the configuration are resolved. */
  public Path base() {
    Path parent = file.toAbsolutePath().normalize().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
