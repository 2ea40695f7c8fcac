package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Makes generators of logs in the schema of MIND. */
@Plugin(
    name = "mind",
    description = "Impressions in the MIND schema from a stated click model",
    source = "Wu et al., MIND, ACL 2020 (the schema)")
public final class MindGeneratorFactory implements DatasetGeneratorFactory<LogSizeConfig> {

  @Override
  public Class<LogSizeConfig> configType() {
    return LogSizeConfig.class;
  }

  @Override
  public DatasetGenerator create(LogSizeConfig config, DatasetContext context) {
    return new MindGenerator(config, context.folder());
  }
}
