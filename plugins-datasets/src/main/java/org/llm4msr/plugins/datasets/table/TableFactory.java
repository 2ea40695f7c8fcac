package org.llm4msr.plugins.datasets.table;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of a user's own tables. */
@Plugin(
    name = "table",
    description = "Your own CSV, JSON, Parquet or Arrow files, described in the configuration")
public final class TableFactory implements DatasetReaderFactory<TableConfig> {

  @Override
  public Class<TableConfig> configType() {
    return TableConfig.class;
  }

  @Override
  public DatasetReader create(TableConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new TableFormat(config, context, database).reader());
  }
}
