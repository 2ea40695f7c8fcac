package org.llm4msr.cli.command;

import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Module;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** State shared by the commands of one call. The injector is made when a command first needs it. */
public final class Session {

  private final Terminal terminal;
  private final Interruption interruption;
  private final Function<List<Path>, Module> modules;
  private List<Path> pluginFolders = List.of();
  private @Nullable Injector injector;

  /**
   * Makes the state.
   *
   * @param modules makes the wiring from the plugin folders that the user names
   */
  public Session(Terminal terminal, Function<List<Path>, Module> modules) {
    this.terminal = terminal;
    this.interruption = new Interruption(terminal);
    this.modules = modules;
  }

  /** Sets the plugin folders that are searched besides the standard one. */
  public void pluginFolders(List<Path> folders) {
    pluginFolders = List.copyOf(folders);
  }

  public Terminal terminal() {
    return terminal;
  }

  public Interruption interruption() {
    return interruption;
  }

  public <T> T get(Class<T> type) {
    if (injector == null) {
      injector = Guice.createInjector(modules.apply(pluginFolders));
    }
    return injector.getInstance(type);
  }

  public PluginRegistry plugins() {
    return get(PluginRegistry.class);
  }

  public ConfigLoader loader() {
    return get(ConfigLoader.class);
  }

  /** Opens an experiment and prints the warnings about its file. */
  public Experiment open(Path file, List<String> overrides) {
    return told(get(Experiments.class).open(file, overrides));
  }

  /** Opens an experiment for its stages alone, likewise. */
  public Stages stages(Path file, List<String> overrides) {
    return told(get(Stages.Opener.class).open(file, overrides));
  }

  private <T extends Stages> T told(T stages) {
    stages.config().warnings().forEach(warning -> terminal.note("warning: " + warning));
    return stages;
  }
}
