package org.llm4msr.runtime.knowledge.vectors;

import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.rows.RowEncoder;

/**
 * The users, scenarios and items that a model knows, by index.
 *
 * @param users raw ids
 * @param trainingUsers those with a training row
 * @param scenarios keys, by rank
 * @param items raw ids, read where a model reads items
 * @param trainingItems those with a training row, likewise
 */
public record Population(
    List<String> users,
    BitSet trainingUsers,
    List<String> scenarios,
    Supplier<List<String>> items,
    Supplier<BitSet> trainingItems) {

  public static Population of(PreparedData data) {
    return new Population(
        data.userKeys(),
        data.trainingUsers(),
        data.manifest().scenarioKeys(),
        data::itemKeys,
        data::trainingItems);
  }

  /** Returns those of a model that is not trained further. */
  public static Population of(RowEncoder encoder) {
    return new Population(
        encoder.userKeys(),
        new BitSet(),
        encoder.manifest().scenarioKeys(),
        encoder::itemKeys,
        BitSet::new);
  }

  Iterable<String> trainingUserKeys() {
    return keys(users, trainingUsers);
  }

  Iterable<String> trainingItemKeys() {
    return keys(items.get(), trainingItems.get());
  }

  private static Iterable<String> keys(List<String> all, BitSet some) {
    return () -> some.stream().mapToObj(all::get).iterator();
  }
}
