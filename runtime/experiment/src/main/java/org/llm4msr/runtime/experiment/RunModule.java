package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Key;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.runtime.assembly.EngineModule;
import org.llm4msr.runtime.assembly.ModelModule;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;

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

  RunModule(ExperimentConfig config) {
    this.config = config;
  }

  @Override
  protected void configure() {
    install(new EngineModule(config.runtime()));
    bind(READER).toInstance(config.dataset().reader());
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge != null) {
      bind(PROMPT_BUILDER).toInstance(knowledge.prompts().builder());
      bind(ENCODER).toInstance(knowledge.encoder());
    }
    if (config.model() != null) {
      install(new ModelModule(config.model()));
    }
  }
}
