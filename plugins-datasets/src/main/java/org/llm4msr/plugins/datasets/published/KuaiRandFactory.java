package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of KuaiRand: Pure, 1K and 27K. */
@Plugin(
    name = "kuairand",
    description = "KuaiRand Pure, 1K or 27K: short videos, one scenario per tab of the app",
    source = "Gao et al., KuaiRand, CIKM 2022")
public final class KuaiRandFactory implements DatasetReaderFactory<KuaiRandConfig> {

  @Override
  public Class<KuaiRandConfig> configType() {
    return KuaiRandConfig.class;
  }

  @Override
  public DatasetReader create(KuaiRandConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new KuaiRandFormat(config, context.folder(), database).reader());
  }
}
