package org.llm4msr.tck.zoo;

/** Nothing to set. */
public record ZooConfig() {}
