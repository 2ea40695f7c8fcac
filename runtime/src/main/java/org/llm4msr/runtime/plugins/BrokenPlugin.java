package org.llm4msr.runtime.plugins;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/**
 * A provider, or a plugin folder, that was found and cannot be used. The others work without it.
 *
 * @param kind what it claims to be; null where that is not known
 * @param label its name where it is known, otherwise its class or folder
 * @param origin its jar or folder
 * @param error why, with the cause
 */
public record BrokenPlugin(
    @Nullable PluginKind kind, String label, PluginOrigin origin, MsrException error) {}
