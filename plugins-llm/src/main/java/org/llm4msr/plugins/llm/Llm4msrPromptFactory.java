package org.llm4msr.plugins.llm;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;

/** Makes the prompts of the LLM4MSR paper from templates. */
@Plugin(
    name = "llm4msr",
    description = "Scenario statistics and cross-scenario user history, from templates",
    source = "Wang et al., CIKM 2024, doi 10.1145/3627673.3679743")
public final class Llm4msrPromptFactory implements PromptBuilderFactory<PromptConfig> {

  @Override
  public Class<PromptConfig> configType() {
    return PromptConfig.class;
  }

  @Override
  public ScenarioPromptBuilder create(PromptConfig config, PromptContext context) {
    return new TemplatePromptBuilder(config, context.base());
  }
}
