package org.llm4msr.api;

import java.util.Set;

/**
 * The common part of all kinds of factories. Implementations are found through {@link
 * java.util.ServiceLoader}, carry {@link Plugin}, and have a public constructor without parameters
 * that does nothing: no download, no engine, no global state.
 *
 * @param <C> the configuration: a record with Jakarta constraints and {@link Setting} on its
 *     components, whose compact constructor never throws
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface PluginFactory<C extends Record> {

  /** Returns the record that the runtime binds and validates before {@code create} is called. */
  Class<C> configType();

  /**
   * Returns the features that the plugin needs from the tensor engine beyond plain operations. The
   * runtime refuses an engine that lacks one before anything is created.
   */
  default Set<EngineFeature> engineFeatures(C config) {
    return Set.of();
  }
}
