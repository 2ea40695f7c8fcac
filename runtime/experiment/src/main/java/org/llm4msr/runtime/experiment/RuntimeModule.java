package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import jakarta.validation.Validator;
import java.util.List;
import java.util.Set;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.generation.DataGeneration;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The wiring of what opens runs, as one Guice module. Every binding is explicit, so that another
 * module can override any of them. Another one may also add metrics to the set of {@link Metric}.
 * Each run has an injector of its own; see {@link RunModule}.
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
    bind(Stages.Opener.class).to(Experiments.class);
    bind(DataGeneration.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), Metric.class);
  }

  @Provides
  @Singleton
  MetricList metrics(Set<Metric> added) {
    return MetricList.STANDARD.with(added);
  }
}
