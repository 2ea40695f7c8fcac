package ${package};

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link ${className}} heads. */
@Plugin(
    name = "${artifactId}",
    description = "Adds how well a user fits a scenario, by their knowledge")
public final class ${className}Factory implements FusionHeadFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public FusionHead create(${className}Config config, FusionContext context) {
    return new ${className}(config, context);
  }

  @Override
  public Set<ModelInput> requires(${className}Config config) {
    return Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE);
  }
}
