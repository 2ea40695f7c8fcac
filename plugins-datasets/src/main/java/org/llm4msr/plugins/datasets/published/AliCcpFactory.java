package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of Ali-CCP. */
@Plugin(
    name = "ali-ccp",
    description = "Ali-CCP: impressions of Taobao, one scenario per value of field 301",
    source = "Ma et al., ESMM, SIGIR 2018")
public final class AliCcpFactory implements DatasetReaderFactory<AliCcpConfig> {

  @Override
  public Class<AliCcpConfig> configType() {
    return AliCcpConfig.class;
  }

  @Override
  public DatasetReader create(AliCcpConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new AliCcpFormat(config, context.folder(), database).reader());
  }
}
