package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link ${className}} backbones. */
@Plugin(
    name = "${artifactId}",
    description = "One network for all scenarios, and one bias per scenario")
public final class ${className}Factory implements BackboneFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public Backbone create(${className}Config config, ModelContext context) {
    return new ${className}(config, context);
  }

  @Override
  public boolean hasHidden(${className}Config config) {
    return true;
  }
}
