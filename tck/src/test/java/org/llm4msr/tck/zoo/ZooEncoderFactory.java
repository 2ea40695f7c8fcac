package org.llm4msr.tck.zoo;

import java.nio.file.Path;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound encoder with one flaw")
public final class ZooEncoderFactory implements KnowledgeEncoderFactory<ZooConfig> {

  static final Cage<SoundEncoder> CAGE = new Cage<>(SoundEncoder::new);

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public KnowledgeEncoder create(ZooConfig config, EncoderContext context) {
    SoundEncoder encoder = CAGE.make();
    encoder.start(context);
    return encoder;
  }

  @Override
  public void check(ZooConfig config, Path base) {
    CAGE.make().check(base);
  }
}
