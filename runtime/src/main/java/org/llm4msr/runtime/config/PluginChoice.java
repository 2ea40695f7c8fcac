package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.llm4msr.api.PluginFactory;

/**
 * A plugin that the configuration names, with its bound and validated settings.
 *
 * @param name the plugin's name
 * @param factory the plugin
 * @param config an instance of {@code factory.configType()}
 */
public record PluginChoice<F extends PluginFactory<?>>(
    String name, F factory, @Valid Record config) {}
