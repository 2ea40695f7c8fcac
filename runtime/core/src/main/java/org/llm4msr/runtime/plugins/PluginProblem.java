package org.llm4msr.runtime.plugins;

/**
 * What is wrong with a plugin.
 *
 * @param code the second part of the error code {@code plugin/CODE}
 * @param description the problem, as the end of "... cannot be used: "
 * @param remedy what the author or installer can do about it, in whole sentences
 */
record PluginProblem(String code, String description, String remedy) {}
