package org.llm4msr.plugins.datasets.generator;

import java.util.List;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.KuaiSarFactory;
import org.llm4msr.tck.DatasetGeneratorConformance;

/** The generator of KuaiSAR keeps the rules of the kit. */
class GeneratorConformanceTest extends DatasetGeneratorConformance {

  @Override
  protected DatasetGeneratorFactory<?> factory() {
    return new KuaiSarGeneratorFactory();
  }

  @Override
  protected List<String> sized(long interactions, long seed) {
    return List.of("users=100", "items=400", "interactions=" + interactions, "seed=" + seed);
  }

  @Override
  protected DatasetReaderFactory<?> reader() {
    return new KuaiSarFactory();
  }
}
