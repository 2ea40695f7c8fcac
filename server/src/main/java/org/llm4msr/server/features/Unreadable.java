package org.llm4msr.server.features;

/**
 * A value of a source that cannot be read.
 *
 * @param code of the reason
 * @param message which value it is, and why
 */
record Unreadable(String column, String code, String message) {}
