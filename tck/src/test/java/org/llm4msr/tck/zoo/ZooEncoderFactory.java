package org.llm4msr.tck.zoo;

import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound encoder with one flaw")
public final class ZooEncoderFactory implements KnowledgeEncoderFactory<ZooEncoderConfig> {

  static final Cage<SoundEncoder> CAGE = new Cage<>(SoundEncoder::new);

  @Override
  public Class<ZooEncoderConfig> configType() {
    return ZooEncoderConfig.class;
  }

  @Override
  public KnowledgeEncoder create(ZooEncoderConfig config, EncoderContext context) {
    SoundEncoder encoder = CAGE.make();
    encoder.shift = config.shift();
    encoder.start(context);
    return encoder;
  }

  @Override
  public KnowledgeEncoder counter(ZooEncoderConfig config, EncoderContext context) {
    return CAGE.make().counter();
  }

  @Override
  public void check(ZooEncoderConfig config, Path base) {
    CAGE.make().check(base);
  }

  @Override
  public OptionalInt dimension(ZooEncoderConfig config) {
    return CAGE.make().dimension();
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooEncoderConfig config) {
    return EngineNeedsZooTest.DECLARED.make();
  }
}
