package org.llm4msr.serving.ranker;

/**
 * What a ranker has done since it was opened.
 *
 * @param requests that were answered
 * @param unknownUsers of requests whose user the model does not know
 * @param items of these
 * @param unknownItems of which the model does not know
 * @param malformedItems that were not scored
 * @param keptWeights how often the weights of a user were found in memory
 * @param keptItems how often an item was
 */
public record RankerStats(
    long requests,
    long unknownUsers,
    long items,
    long unknownItems,
    long malformedItems,
    long keptWeights,
    long keptItems) {}
