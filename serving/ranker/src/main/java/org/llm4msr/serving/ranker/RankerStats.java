package org.llm4msr.serving.ranker;

/**
 * What a ranker has done since it was opened, or its counts were forgotten.
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
    long keptItems) {

  static final RankerStats NONE = new RankerStats(0, 0, 0, 0, 0, 0, 0);

  /** Returns what was done since then. */
  RankerStats since(RankerStats then) {
    return new RankerStats(
        requests - then.requests,
        unknownUsers - then.unknownUsers,
        items - then.items,
        unknownItems - then.unknownItems,
        malformedItems - then.malformedItems,
        keptWeights - then.keptWeights,
        keptItems - then.keptItems);
  }
}
