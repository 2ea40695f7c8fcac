package org.llm4msr.api.data;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes generators. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetGeneratorFactory<C extends Record> extends PluginFactory<C> {

  /** Makes a generator. */
  DatasetGenerator create(C config, DatasetContext context);
}
