package org.llm4msr.server.ranking;

import org.jspecify.annotations.Nullable;

/**
 * What became of asking a source of features for one request.
 *
 * @param outcome as the metrics count it, in capitals
 * @param code of what went wrong; null if nothing did
 * @param message what went wrong; null if nothing did
 */
public record SourceReport(String outcome, @Nullable String code, @Nullable String message) {}
