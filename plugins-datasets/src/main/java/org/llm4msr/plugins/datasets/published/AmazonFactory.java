package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of Amazon reviews: 2014, 2018 and 2023. */
@Plugin(
    name = "amazon",
    description = "Amazon reviews of 2014, 2018 or 2023: one scenario per category",
    source = "Ni et al., EMNLP 2019; Hou et al., arXiv 2403.03952")
public final class AmazonFactory implements DatasetReaderFactory<AmazonConfig> {

  @Override
  public Class<AmazonConfig> configType() {
    return AmazonConfig.class;
  }

  @Override
  public DatasetReader create(AmazonConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new AmazonFormat(config, context.folder(), database).reader());
  }
}
