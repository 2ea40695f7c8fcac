package org.llm4msr.api.knowledge;

import java.nio.file.Path;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes prompt builders. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface PromptBuilderFactory<C extends Record> extends PluginFactory<C> {

  /**
   * Makes a prompt builder.
   *
   * @param base the folder against which paths in the configuration are resolved
   */
  ScenarioPromptBuilder create(C config, Path base);
}
