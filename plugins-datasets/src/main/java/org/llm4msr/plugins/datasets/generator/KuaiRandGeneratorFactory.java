package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes generators of logs in the schema of KuaiRand. */
@Plugin(
    name = "kuairand",
    description = "A log in the KuaiRand schema from a stated click model",
    source = "Gao et al., KuaiRand, CIKM 2022 (the schema)")
public final class KuaiRandGeneratorFactory
    implements DatasetGeneratorFactory<KuaiRandGeneratorConfig> {

  @Override
  public Class<KuaiRandGeneratorConfig> configType() {
    return KuaiRandGeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(KuaiRandGeneratorConfig config, DatasetContext context) {
    return new KuaiRandGenerator(config, context.folder());
  }
}
