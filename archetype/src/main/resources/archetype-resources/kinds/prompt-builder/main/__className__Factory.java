package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;

/** Makes {@link ${className}} prompt builders. */
@Plugin(name = "${artifactId}", description = "Plain sentences and a question")
public final class ${className}Factory implements PromptBuilderFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public ScenarioPromptBuilder create(${className}Config config, PromptContext context) {
    return new ${className}(config);
  }
}
