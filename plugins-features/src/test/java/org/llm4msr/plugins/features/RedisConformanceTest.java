package org.llm4msr.plugins.features;

import java.util.List;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.tck.FeatureSourceConformance;

/** The source without a Redis: what it answers with one is tested with the server. */
class RedisConformanceTest extends FeatureSourceConformance {

  @Override
  protected FeatureSourceFactory<?> factory() {
    return new RedisFactory();
  }

  @Override
  protected List<String> settings() {
    return List.of("uri='redis://127.0.0.1:1'");
  }
}
