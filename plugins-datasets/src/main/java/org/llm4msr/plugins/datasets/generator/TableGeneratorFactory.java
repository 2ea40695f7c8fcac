package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Makes generators of tables for the reader table. */
@Plugin(
    name = "table",
    description =
        "Tables of a shop and the settings to read them with the reader table, from a"
            + " stated click model")
public final class TableGeneratorFactory implements DatasetGeneratorFactory<LogSizeConfig> {

  @Override
  public Class<LogSizeConfig> configType() {
    return LogSizeConfig.class;
  }

  @Override
  public DatasetGenerator create(LogSizeConfig config, DatasetContext context) {
    return new TableGenerator(config, context.folder());
  }
}
