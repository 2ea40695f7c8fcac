package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.runtime.knowledge.store.Without;

/**
 * What became of the prompts of a level.
 *
 * @param read prompts that the encoder read, or in a dry run would read
 * @param stored those whose vector was there already, and so were skipped
 * @param without keys that got no vector
 * @param empty the first keys whose prompt is empty
 * @param withoutHistory the first keys of whose history nothing fits
 * @param refused the first keys whose prompt the encoder refused
 */
public record Counts(
    long read,
    long stored,
    Without without,
    List<String> empty,
    List<String> withoutHistory,
    List<String> refused) {

  /** The most keys that are named of each kind. */
  public static final int NAMED = 10;

  public Counts {
    empty = List.copyOf(empty);
    withoutHistory = List.copyOf(withoutHistory);
    refused = List.copyOf(refused);
  }

  /** Returns the sums of both. */
  public Counts plus(Counts other) {
    return new Counts(
        read + other.read,
        stored + other.stored,
        without.plus(other.without),
        joined(empty, other.empty),
        joined(withoutHistory, other.withoutHistory),
        joined(refused, other.refused));
  }

  private static List<String> joined(List<String> first, List<String> second) {
    return Stream.concat(first.stream(), second.stream()).distinct().limit(NAMED).toList();
  }
}
