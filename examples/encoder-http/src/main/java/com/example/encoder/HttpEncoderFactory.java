package com.example.encoder;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes {@link HttpEncoder}s. */
@Plugin(name = "http", description = "Asks an HTTP service for vectors, in a small JSON protocol")
public final class HttpEncoderFactory implements KnowledgeEncoderFactory<HttpEncoderConfig> {

  @Override
  public Class<HttpEncoderConfig> configType() {
    return HttpEncoderConfig.class;
  }

  @Override
  public KnowledgeEncoder create(HttpEncoderConfig config, EncoderContext context) {
    return new HttpEncoder(config);
  }
}
