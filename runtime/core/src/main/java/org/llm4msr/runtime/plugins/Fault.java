package org.llm4msr.runtime.plugins;

/**
 * What is wrong with a plugin.
 *
 * @param code the second part of the error code {@code plugin/CODE}
 * @param what the fault, as the end of "... cannot be used: "
 * @param remedy what the author or installer can do about it, in whole sentences
 */
record Fault(String code, String what, String remedy) {}
