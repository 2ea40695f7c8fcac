package org.llm4msr.runtime.data.preparation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What fields learn from.
 *
 * @param fields all of the data, in order
 * @param rows of the training part, which come first
 * @param minFrequency how many of them a value needs to be known
 * @param base the data that is extended, or null
 */
record Training(List<FieldPlan> fields, long rows, int minFrequency, @Nullable BaseData base) {}
