package ${package};

import java.util.OptionalInt;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes {@link ${className}} encoders. */
@Plugin(name = "${artifactId}", description = "Sums a random vector for each word of a text")
public final class ${className}Factory implements KnowledgeEncoderFactory<${className}Config> {

  @Override
  public Class<${className}Config> configType() {
    return ${className}Config.class;
  }

  @Override
  public KnowledgeEncoder create(${className}Config config, EncoderContext context) {
    return new ${className}(config);
  }

  @Override
  public OptionalInt dimension(${className}Config config) {
    return OptionalInt.of(config.dimension());
  }
}
