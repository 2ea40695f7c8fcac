package org.llm4msr.runtime.assembly.sequences;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.past.SequenceConfig;

/**
 * A sequence of a model.
 *
 * @param table number of the field whose table it reads, and whose vector is the target; -1 where
 *     it is not known
 * @param source number of the field that holds the list; null of the log
 * @param width D, of the table
 */
public record SequenceField(
    String name, SequenceConfig config, int table, @Nullable Integer source, int width) {}
