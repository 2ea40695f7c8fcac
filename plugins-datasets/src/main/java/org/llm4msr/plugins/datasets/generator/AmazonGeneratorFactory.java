package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes generators of reviews in the schemas of Amazon. */
@Plugin(
    name = "amazon",
    description = "Reviews and products in an Amazon schema from a stated model",
    source = "Ni et al., EMNLP 2019; Hou et al., arXiv 2403.03952 (the schema)")
public final class AmazonGeneratorFactory
    implements DatasetGeneratorFactory<AmazonGeneratorConfig> {

  @Override
  public Class<AmazonGeneratorConfig> configType() {
    return AmazonGeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(AmazonGeneratorConfig config, DatasetContext context) {
    return new AmazonGenerator(config, context.folder());
  }
}
