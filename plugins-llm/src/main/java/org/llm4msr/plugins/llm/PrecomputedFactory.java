package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders that look up vectors computed elsewhere. */
@Plugin(
    name = "precomputed",
    description = "Vectors from files, by the key of user, scenario or item; no model is run")
public final class PrecomputedFactory implements KnowledgeEncoderFactory<PrecomputedConfig> {

  @Override
  public Class<PrecomputedConfig> configType() {
    return PrecomputedConfig.class;
  }

  @Override
  public KnowledgeEncoder create(PrecomputedConfig config, EncoderContext context) {
    return PrecomputedEncoder.open(config, context);
  }

  @Override
  public void check(PrecomputedConfig config, Path base) {
    PrecomputedEncoder.files(config, base);
  }
}
