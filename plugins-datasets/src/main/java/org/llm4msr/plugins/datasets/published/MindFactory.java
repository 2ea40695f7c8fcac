package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of MIND, large and small. */
@Plugin(
    name = "mind",
    description = "MIND: impressions of Microsoft News, one scenario per category of news",
    source = "Wu et al., MIND, ACL 2020")
public final class MindFactory implements DatasetReaderFactory<MindConfig> {

  @Override
  public Class<MindConfig> configType() {
    return MindConfig.class;
  }

  @Override
  public DatasetReader create(MindConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new MindFormat(config, context.folder(), database).reader());
  }
}
