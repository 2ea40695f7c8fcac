package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.MapBinder;
import jakarta.validation.Validator;
import java.util.List;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The wiring of the runtime as one Guice module. Every binding is explicit, so that another module
 * can override any of them. Plugins are bound into one map per kind, by name; inject {@code
 * Map<String, Provider<BackboneFactory<?>>>}, and a broken plugin fails only where it is used.
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
    binder().requireExplicitBindings();
    binder().requireAtInjectOnConstructors();
    binder().disableCircularProxies();
    bind(PluginRegistry.class).toInstance(plugins);
    bind(Validator.class).toProvider(ConfigLoader::newValidator).in(Singleton.class);
    bind(ConfigLoader.class).in(Singleton.class);
    bind(ConfigCheck.class).in(Singleton.class);
    bind(Experiments.class).in(Singleton.class);
    bind(DataGeneration.class).in(Singleton.class);
    bindPlugins();
  }

  private void bindPlugins() {
    bindKind(PluginKind.DATASET_READER, new TypeLiteral<DatasetReaderFactory<?>>() {});
    bindKind(PluginKind.DATASET_GENERATOR, new TypeLiteral<DatasetGeneratorFactory<?>>() {});
    bindKind(PluginKind.PROMPT_BUILDER, new TypeLiteral<PromptBuilderFactory<?>>() {});
    bindKind(PluginKind.KNOWLEDGE_ENCODER, new TypeLiteral<KnowledgeEncoderFactory<?>>() {});
    bindKind(PluginKind.META_NETWORK, new TypeLiteral<MetaNetworkFactory<?>>() {});
    bindKind(PluginKind.BACKBONE, new TypeLiteral<BackboneFactory<?>>() {});
    bindKind(PluginKind.FUSION_HEAD, new TypeLiteral<FusionHeadFactory<?>>() {});
  }

  @SuppressWarnings("unchecked") // The registry checked the type when it found the provider.
  private <F extends PluginFactory<?>> void bindKind(PluginKind kind, TypeLiteral<F> type) {
    MapBinder<String, F> map = MapBinder.newMapBinder(binder(), new TypeLiteral<String>() {}, type);
    for (String name : plugins.names(kind)) {
      map.addBinding(name).toProvider(() -> (F) plugins.factory(kind, name));
    }
  }
}
