package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of Douban. */
@Plugin(
    name = "douban",
    description = "Douban: ratings of books, music and films, one scenario each",
    source = "Zhu et al., GA-DTCDR, IJCAI 2020; files of the PLATE repository")
public final class DoubanFactory implements DatasetReaderFactory<DoubanConfig> {

  @Override
  public Class<DoubanConfig> configType() {
    return DoubanConfig.class;
  }

  @Override
  public DatasetReader create(DoubanConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new DoubanFormat(config, context.folder(), database).reader());
  }
}
