package org.llm4msr.runtime.plugins;

/**
 * A plugin as its annotation and its jar describe it; known without creating the factory.
 *
 * @param kind what it is
 * @param name its name, unique in its kind
 * @param description one line
 * @param source where the method was published, or empty
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
