package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import java.nio.file.Path;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.plugins.InContext;

/** Binds the prompt builder. */
final class PromptModule extends AbstractModule {

  private final Path base;

  PromptModule(Path base) {
    this.base = base;
  }

  @Provides
  ScenarioPromptBuilder prompts(
      PluginChoice<PromptBuilderFactory<Record>, Record> choice, RuntimeConfig runtime) {
    EngineFeatures.require(runtime.engine(), choice);
    PromptContext context = () -> base;
    ScenarioPromptBuilder prompts = choice.create(PromptBuilderFactory::create, context);
    return InContext.of(prompts);
  }
}
