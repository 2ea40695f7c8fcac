package org.llm4msr.api.features;

import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes sources of features. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface FeatureSourceFactory<C extends Record> extends PluginFactory<C> {

  /**
   * Makes a source; the server closes it. A store that cannot be reached is no error: it may come
   * back.
   *
   * @throws org.llm4msr.api.MsrException of type USER for settings that can never work
   */
  FeatureSource create(C config, FeatureContext context);
}
