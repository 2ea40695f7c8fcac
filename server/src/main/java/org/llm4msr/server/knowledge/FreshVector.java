package org.llm4msr.server.knowledge;

import java.time.Instant;
import org.llm4msr.api.model.Level;

/**
 * A vector that counts in place of a bundle's.
 *
 * @param key raw id of the user or item
 * @param since when it was given
 * @param vector (K), as a language model gave it; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Lists would box K floats.
public record FreshVector(Level level, String key, Instant since, float[] vector) {}
