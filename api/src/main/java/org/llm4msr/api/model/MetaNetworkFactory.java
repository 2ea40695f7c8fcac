package org.llm4msr.api.model;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes meta networks of one architecture. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface MetaNetworkFactory<C extends Record> extends PluginFactory<C> {

  /** Makes a meta network and its parameters. */
  MetaNetwork create(C config, MetaContext context);
}
