package org.llm4msr.runtime.plugins.check;

import org.jspecify.annotations.Nullable;

/**
 * Something wrong with a plugin, or to know about it.
 *
 * @param code stable: {@code area/NAME}, or the id of a rule of the conformance kit
 * @param what one sentence, or several lines
 * @param where jar, class and line; null if {@code what} names it
 * @param wayOut what the author can do; null if {@code what} says it
 */
public record CheckFinding(
    String code, String what, @Nullable String where, @Nullable String wayOut) {}
