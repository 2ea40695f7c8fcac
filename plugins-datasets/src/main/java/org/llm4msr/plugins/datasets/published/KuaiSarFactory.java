package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of KuaiSAR, for both releases and the generator's files. */
@Plugin(
    name = "kuaisar",
    description = "KuaiSAR: short videos in recommendation and search, both releases",
    source = "Sun et al., KuaiSAR, CIKM 2023")
public final class KuaiSarFactory implements DatasetReaderFactory<KuaiSarConfig> {

  @Override
  public Class<KuaiSarConfig> configType() {
    return KuaiSarConfig.class;
  }

  @Override
  public DatasetReader create(KuaiSarConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new KuaiSarFormat(config, context.folder(), database).reader());
  }
}
