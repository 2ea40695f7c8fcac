package org.llm4msr.api.knowledge;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes prompt builders. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface PromptBuilderFactory<C extends Record> extends PluginFactory<C> {

  /** Makes a prompt builder. */
  ScenarioPromptBuilder create(C config, PromptContext context);
}
