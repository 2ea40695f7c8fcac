package org.llm4msr.api.data;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes readers of one raw format. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetReaderFactory<C extends Record> extends PluginFactory<C> {

  /**
   * Makes a reader.
   *
   * @throws org.llm4msr.api.MsrException of type DATA if the folder does not hold the format,
   *     naming the files that were expected
   */
  DatasetReader create(C config, DatasetContext context);
}
