package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.inject.AbstractModule;
import com.google.inject.ConfigurationException;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.util.Modules;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.plugins.PluginRegistry;

class RuntimeModuleTest {

  @TempDir Path folder;

  @Test
  void anotherModuleOverridesABinding() {
    PluginRegistry other = PluginRegistry.load(new ClassLoader(null) {}, List.of());
    Injector injector =
        Guice.createInjector(
            Modules.override(module())
                .with(
                    new AbstractModule() {
                      @Override
                      protected void configure() {
                        bind(PluginRegistry.class).toInstance(other);
                      }
                    }));

    assertThat(injector.getInstance(PluginRegistry.class)).isSameAs(other);
    assertThat(injector.getInstance(Experiments.class)).isNotNull();
  }

  @Test
  void whatIsNotBoundIsNotMadeByGuessing() {
    Injector injector = Guice.createInjector(module());

    assertThatThrownBy(() -> injector.getInstance(Unbound.class))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Explicit bindings are required");
    assertThat(injector.getInstance(ConfigLoader.class))
        .isSameAs(injector.getInstance(ConfigLoader.class));
  }

  /** Guice could construct it, and must not. */
  static class Unbound {
    @jakarta.inject.Inject
    Unbound() {}
  }

  private RuntimeModule module() {
    return new RuntimeModule(ConfigPlugins.registry(folder));
  }
}
