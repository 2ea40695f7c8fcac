package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Makes generators of reviews in the schema of Douban. */
@Plugin(
    name = "douban",
    description = "Reviews in the Douban schema from a stated model",
    source = "Zhu et al., GA-DTCDR, IJCAI 2020 (the schema)")
public final class DoubanGeneratorFactory implements DatasetGeneratorFactory<LogSizeConfig> {

  @Override
  public Class<LogSizeConfig> configType() {
    return LogSizeConfig.class;
  }

  @Override
  public DatasetGenerator create(LogSizeConfig config, DatasetContext context) {
    return new DoubanGenerator(config, context.folder());
  }
}
