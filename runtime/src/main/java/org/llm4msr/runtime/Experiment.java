package org.llm4msr.runtime;

import com.google.inject.Guice;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.config.LoadedConfig;

/**
 * One experiment from raw logs to an evaluated model: what the command line does, for Java. Each
 * stage starts from the files of the one before, in the folder {@code workspace}.
 */
public final class Experiment {

  private final LoadedConfig loaded;
  private final ConfigCheck check;

  Experiment(LoadedConfig loaded, ConfigCheck check) {
    this.loaded = loaded;
    this.check = check;
  }

  /**
   * Reads and validates an experiment with the plugins of the class path.
   *
   * @param overrides {@code key.path=value} each
   */
  public static Experiment fromYaml(Path file, String... overrides) {
    return Guice.createInjector(new RuntimeModule())
        .getInstance(Experiments.class)
        .open(file, List.of(overrides));
  }

  /** Returns the configuration. */
  public LoadedConfig config() {
    return loaded;
  }

  /**
   * Checks what head, backbone, engine and raw data need of each other.
   *
   * @throws org.llm4msr.api.MsrException {@code config/INVALID} with everything that does not fit
   */
  public void check() {
    check.checkAll(loaded);
  }
}
