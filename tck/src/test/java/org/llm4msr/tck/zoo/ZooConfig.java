package org.llm4msr.tck.zoo;

/** No settings. */
public record ZooConfig() {}
