package org.llm4msr.serving.ranker;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/** Keeps what rows read of items, as many as a number of bytes allows. For several threads. */
final class ItemCache {

  /** Of the entry and the array beside its numbers. */
  private static final int OVERHEAD = 96;

  private final Cache<Integer, float[]> items;

  /**
   * Makes an empty cache.
   *
   * @param bytes at most; 0 for none
   */
  ItemCache(long bytes) {
    items =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .weigher((Integer item, float[] values) -> OVERHEAD + values.length * Float.BYTES)
            .executor(Runnable::run)
            .recordStats()
            .build();
  }

  /** Returns the numbers of an item by its index; null if they are not kept. */
  float @Nullable [] get(int item) {
    return items.getIfPresent(item);
  }

  void put(int item, float[] numbers) {
    items.put(item, numbers);
  }

  long hits() {
    return items.stats().hitCount();
  }
}
