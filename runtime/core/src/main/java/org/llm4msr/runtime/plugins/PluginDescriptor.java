package org.llm4msr.runtime.plugins;

/**
 * A plugin as described by its annotation and its jar, without creating the factory.
 *
 * @param kind the kind of plugin
 * @param name its name, unique in its kind
 * @param description one line
 * @param source publication of the method, or empty
 * @param factory the class name of its factory
 * @param origin its jar and versions
 */
public record PluginDescriptor(
    PluginKind kind,
    String name,
    String description,
    String source,
    String factory,
    PluginOrigin origin) {}
