package org.llm4msr.tck.zoo;

import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes generators with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound generator with one flaw")
public final class ZooGeneratorFactory implements DatasetGeneratorFactory<ZooGeneratorConfig> {

  static final Cage<SoundGenerator> CAGE = new Cage<>(SoundGenerator::new);

  @Override
  public Class<ZooGeneratorConfig> configType() {
    return ZooGeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(ZooGeneratorConfig config, DatasetContext context) {
    SoundGenerator generator = CAGE.make();
    return progress -> generator.generate(config, context, progress);
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooGeneratorConfig config) {
    return EngineNeedsZooTest.DECLARED.make();
  }
}
