package org.llm4msr.runtime.knowledge.control;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/**
 * The vector of another key: all keys lie on one ring in a random order, and each reads that of the
 * next one that has a vector. So no key reads its own, and the keys of an earlier period, which are
 * some of all, are permuted as well.
 */
final class Shuffled implements Replacement {

  private final StoredLevel all;
  private final int[] next;

  Shuffled(StoredLevel all, KeySeeds seeds) {
    this.all = all;
    long[] order = new long[all.size()];
    for (int number = 0; number < order.length; number++) {
      order[number] = seeds.of(all.key(number));
    }
    int[] ring =
        IntStream.range(0, order.length)
            .boxed()
            .sorted(Comparator.comparingLong(number -> order[number]))
            .mapToInt(Integer::intValue)
            .toArray();
    next = new int[order.length];
    for (int place = 0; place < ring.length; place++) {
      next[ring[place]] = ring[(place + 1) % ring.length];
    }
  }

  @Override
  public void read(String key, KnowledgeSource source, float[] target) {
    int number = all.find(key);
    do {
      number = next[number];
    } while (!source.read(all.key(number), target)); // The ring ends at the key itself.
  }
}
