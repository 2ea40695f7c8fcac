package org.llm4msr.api.knowledge;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes knowledge encoders. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface KnowledgeEncoderFactory<C extends Record> extends PluginFactory<C> {

  /** Makes an encoder and loads its model. The caller closes it. */
  KnowledgeEncoder create(C config, EncoderContext context);
}
