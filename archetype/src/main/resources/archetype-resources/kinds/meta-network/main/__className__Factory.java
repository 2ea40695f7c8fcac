package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;

/** Makes {@link ${className}} meta networks. */
@Plugin(
    name = "${artifactId}",
    description = "Shared layers whose outputs knowledge scales and shifts")
public final class ${className}Factory implements MetaNetworkFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public MetaNetwork create(${className}Config config, MetaContext context) {
    return new ${className}(config, context);
  }
}
