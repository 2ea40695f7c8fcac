package org.llm4msr.tck.zoo;

import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;

/** Makes feature sources with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound feature source with one flaw")
public final class ZooSourceFactory implements FeatureSourceFactory<ZooSourceFactory.Config> {

  static final Cage<FeatureSource> CAGE = new Cage<>(SoundSource::new);

  /** No settings. */
  public record Config() {}

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public FeatureSource create(Config config, FeatureContext context) {
    return CAGE.make();
  }

  @Override
  public Set<EngineFeature> engineFeatures(Config config) {
    return EngineNeedsZooTest.DECLARED.make();
  }
}
