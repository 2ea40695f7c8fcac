package org.llm4msr.plugins.llm;

import java.util.OptionalInt;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders that hash words: no model, for tests and as a baseline for comparisons. */
@Plugin(
    name = "hash",
    description = "Signed feature hashing of words; deterministic, needs no model",
    source = "Weinberger et al., ICML 2009, doi 10.1145/1553374.1553516")
public final class HashEncoderFactory implements KnowledgeEncoderFactory<HashConfig> {

  @Override
  public Class<HashConfig> configType() {
    return HashConfig.class;
  }

  @Override
  public KnowledgeEncoder create(HashConfig config, EncoderContext context) {
    return new HashEncoder(config);
  }

  @Override
  public OptionalInt dimension(HashConfig config) {
    return OptionalInt.of(config.dimension());
  }
}
