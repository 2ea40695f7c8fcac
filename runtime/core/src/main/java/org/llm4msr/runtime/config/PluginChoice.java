package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.PluginFactory;

/**
 * A plugin that the configuration names, with its bound and validated settings.
 *
 * @param name the plugin's name
 * @param factory the plugin
 * @param config an instance of {@code factory.configType()}
 */
public record PluginChoice<F extends PluginFactory<?>>(
    String name, F factory, @Valid Record config) {

  /** Returns the engine features that the plugin needs with these settings. */
  @SuppressWarnings("unchecked") // The binder made the configuration for exactly this factory.
  public <C extends Record> Set<EngineFeature> engineFeatures() {
    return ((PluginFactory<C>) factory).engineFeatures((C) config);
  }
}
