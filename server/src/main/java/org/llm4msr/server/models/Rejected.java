package org.llm4msr.server.models;

/**
 * A version that is not served.
 *
 * @param code of the error
 * @param message why
 */
public record Rejected(String version, String code, String message) {}
