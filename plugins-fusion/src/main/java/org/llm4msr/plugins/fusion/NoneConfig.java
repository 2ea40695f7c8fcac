package org.llm4msr.plugins.fusion;

/** The head {@code none} has no settings. */
public record NoneConfig() {}
