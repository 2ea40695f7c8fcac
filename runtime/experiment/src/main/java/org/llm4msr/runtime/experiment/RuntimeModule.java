package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import jakarta.validation.Validator;
import java.util.List;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The wiring of what opens runs, as one Guice module. Every binding is explicit, so that another
 * module can override any of them. Each run has an injector of its own; see {@link RunModule}.
 */
public final class RuntimeModule extends AbstractModule {

  private final PluginRegistry plugins;

  /** Makes a module with the plugins of the class path and of the standard plugin folder. */
  public RuntimeModule() {
    this(PluginRegistry.load(List.of()));
  }

  /** Makes a module with the plugins given. */
  public RuntimeModule(PluginRegistry plugins) {
    this.plugins = plugins;
  }

  @Override
  protected void configure() {
    Wiring.requireExplicit(binder());
    bind(PluginRegistry.class).toInstance(plugins);
    bind(Validator.class).toProvider(ConfigLoader::newValidator).in(Singleton.class);
    bind(ConfigLoader.class).in(Singleton.class);
    bind(ConfigCheck.class).in(Singleton.class);
    bind(Experiments.class).in(Singleton.class);
    bind(DataGeneration.class).in(Singleton.class);
  }
}
