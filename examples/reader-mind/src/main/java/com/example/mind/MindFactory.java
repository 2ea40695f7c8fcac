package com.example.mind;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;

/** Makes {@link MindReader}s. */
@Plugin(
    name = "mind-example",
    description = "Impressions of Microsoft News; one scenario per category of news",
    source = "Wu et al., ACL 2020")
public final class MindFactory implements DatasetReaderFactory<MindConfig> {

  @Override
  public Class<MindConfig> configType() {
    return MindConfig.class;
  }

  @Override
  public DatasetReader create(MindConfig config, DatasetContext context) {
    return new MindReader(config, context.folder());
  }
}
