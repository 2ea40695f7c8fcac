package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes {@link ${className}Generator}s. */
@Plugin(name = "${artifactId}", description = "Clicks by the tastes of users")
public final class ${className}GeneratorFactory
    implements DatasetGeneratorFactory<${className}GeneratorConfig> {

  @Override
  public Class<${className}GeneratorConfig> configType() {
    return ${className}GeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(${className}GeneratorConfig config, DatasetContext context) {
    return new ${className}Generator(config, context.folder());
  }
}
