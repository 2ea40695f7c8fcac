package org.llm4msr.runtime.plugins;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/**
 * A provider or plugin folder that was found but cannot be used. The others work without it.
 *
 * @param kind the kind that it claims to be; null if not known
 * @param label its name if known, otherwise its class or folder
 * @param origin its jar or folder
 * @param error the reason, with its cause
 */
public record BrokenPlugin(
    @Nullable PluginKind kind, String label, PluginOrigin origin, MsrException error) {}
