package org.llm4msr.runtime.plugins;

import org.llm4msr.api.MsrException;

/**
 * A provider that was found and cannot be used. The others work without it.
 *
 * @param kind what it claims to be
 * @param label its name where it is known, otherwise its class
 * @param location its jar or folder, or {@code unknown}
 * @param error why, with the cause
 */
public record BrokenPlugin(PluginKind kind, String label, String location, MsrException error) {}
