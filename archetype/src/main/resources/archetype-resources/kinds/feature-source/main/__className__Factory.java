package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;

/** Makes {@link ${className}} sources. */
@Plugin(name = "${artifactId}", description = "Values of users from a CSV file")
public final class ${className}Factory implements FeatureSourceFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public FeatureSource create(${className}Config config, FeatureContext context) {
    return new ${className}(context.base().resolve(config.file()), config.reloadSeconds());
  }
}
