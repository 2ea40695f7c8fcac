package org.llm4msr.plugins.datasets.generator.kuaisar;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes generators of logs in the schema of KuaiSAR. */
@Plugin(
    name = "kuaisar",
    description = "A log in the KuaiSAR schema from a stated click model, with its Bayes AUC",
    source = "Sun et al., CIKM 2023 (the schema)")
public final class KuaiSarGeneratorFactory
    implements DatasetGeneratorFactory<KuaiSarGeneratorConfig> {

  @Override
  public Class<KuaiSarGeneratorConfig> configType() {
    return KuaiSarGeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(KuaiSarGeneratorConfig config, DatasetContext context) {
    return new KuaiSarGenerator(config, context.folder());
  }
}
