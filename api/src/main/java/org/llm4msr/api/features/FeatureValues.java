package org.llm4msr.api.features;

import java.util.List;
import java.util.Map;
import org.llm4msr.api.Stability;

/**
 * What a source knows, by column: texts as in the training data, numbers, booleans, lists of them
 * or of mappings (the events of {@code history}), or JSON as text for lists. What is not there or
 * cannot be read is what the bundle holds.
 *
 * @param user of the user
 * @param items of each item, as many and in the order as asked; empty maps where nothing is known
 * @param unreadable how many of the user and the items could not be read, and are empty here
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record FeatureValues(
    Map<String, ?> user, List<? extends Map<String, ?>> items, int unreadable) {}
