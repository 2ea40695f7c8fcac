package org.llm4msr.runtime.knowledge.extraction;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

  /** Returns counts of those alone who got no vector, whose keys are not known. */
  static Counts of(Without without) {
    return new Counts(0, 0, without, List.of(), List.of(), List.of());
  }

  /**
   * Returns a line that says who got no vector, and why; nothing if all have one.
   *
   * @param level what the keys are, in the plural
   */
  String withoutVector(String level) {
    List<String> reasons = new ArrayList<>();
    add(reasons, without.belowThreshold(), "below the threshold", List.of());
    add(reasons, without.limited(), "beyond the limit", List.of());
    add(reasons, without.empty(), "with an empty prompt", empty());
    add(reasons, without.withoutHistory(), "whose history does not fit", withoutHistory());
    add(reasons, without.refused(), "refused", refused());
    return reasons.isEmpty()
        ? ""
        : "%s without a vector: %s%n".formatted(level, String.join("; ", reasons));
  }

  private static void add(List<String> reasons, long count, String reason, List<String> keys) {
    if (count > 0) {
      String named =
          keys.isEmpty()
              ? ""
              : " (%s%s)".formatted(String.join(", ", keys), count > keys.size() ? ", ..." : "");
      reasons.add(String.format(Locale.ROOT, "%,d %s%s", count, reason, named));
    }
  }
}
