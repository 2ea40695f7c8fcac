package org.llm4msr.runtime.knowledge.store;

/**
 * How many keys of a level got no vector, by the reason.
 *
 * @param belowThreshold users with fewer positive training rows than {@code minInteractions}
 * @param limited those beyond {@code knowledge.limit}
 * @param empty those whose prompt is empty
 * @param withoutHistory users of whose history nothing fits the encoder
 * @param refused those whose prompt the encoder refused
 */
public record Without(
    long belowThreshold, long limited, long empty, long withoutHistory, long refused) {

  /** Nobody. */
  public static final Without NONE = new Without(0, 0, 0, 0, 0);

  /** Returns how many there are for all reasons. */
  public long all() {
    return belowThreshold + limited + empty + withoutHistory + refused;
  }

  /** Returns the sums of both. */
  public Without plus(Without other) {
    return new Without(
        belowThreshold + other.belowThreshold,
        limited + other.limited,
        empty + other.empty,
        withoutHistory + other.withoutHistory,
        refused + other.refused);
  }
}
