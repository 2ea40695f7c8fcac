package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Key;
import com.google.inject.Provides;
import java.nio.file.Path;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.runtime.assembly.EngineModule;
import org.llm4msr.runtime.assembly.ModelModule;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.plugins.ContextWrappers;

/**
 * Binds the plugins of a run as its configuration names them. {@link Experiments#open} takes
 * modules that replace these bindings, and those of {@link EngineModule} and {@link ModelModule}.
 */
public final class RunModule extends AbstractModule {

  /** Reads the raw data. */
  public static final Key<PluginChoice<DatasetReaderFactory<Record>, Record>> READER =
      new Key<>() {};

  /** Writes prompts. */
  public static final Key<PluginChoice<PromptBuilderFactory<Record>, Record>> PROMPT_BUILDER =
      new Key<>() {};

  /** Turns prompts into vectors. */
  public static final Key<PluginChoice<KnowledgeEncoderFactory<Record>, Record>> ENCODER =
      new Key<>() {};

  private final ExperimentConfig config;
  private final Path base;
  private final MetricList metrics;

  RunModule(LoadedConfig loaded, MetricList metrics) {
    this.config = loaded.config();
    this.base = loaded.base();
    this.metrics = metrics;
  }

  @Override
  protected void configure() {
    install(new EngineModule(config.runtime()));
    bind(MetricList.class).toInstance(metrics);
    bind(READER).toInstance(config.dataset().reader());
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge != null) {
      bind(PROMPT_BUILDER).toInstance(knowledge.prompts().builder());
      bind(ENCODER).toInstance(knowledge.encoder());
      install(new Prompts(base));
    }
    if (config.model() != null) {
      install(new ModelModule(config.model()));
    }
  }

  /** Apart, since a run without knowledge has no prompts. */
  private static final class Prompts extends AbstractModule {

    private final Path base;

    Prompts(Path base) {
      this.base = base;
    }

    @Provides
    ScenarioPromptBuilder prompts(
        PluginChoice<PromptBuilderFactory<Record>, Record> choice, RuntimeConfig runtime) {
      EngineFeatures.require(runtime.engine(), choice);
      PromptContext context = () -> base;
      ScenarioPromptBuilder prompts = choice.create(PromptBuilderFactory::create, context);
      return ContextWrappers.of(choice.calls(), prompts);
    }
  }
}
