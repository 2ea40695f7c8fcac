package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Makes generators of logs in the schema of Ali-CCP. */
@Plugin(
    name = "ali-ccp",
    description = "A log in the Ali-CCP schema from a stated click model",
    source = "Ma et al., ESMM, SIGIR 2018 (the schema)")
public final class AliCcpGeneratorFactory implements DatasetGeneratorFactory<LogSizeConfig> {

  @Override
  public Class<LogSizeConfig> configType() {
    return LogSizeConfig.class;
  }

  @Override
  public DatasetGenerator create(LogSizeConfig config, DatasetContext context) {
    return new AliCcpGenerator(config, context.folder());
  }
}
