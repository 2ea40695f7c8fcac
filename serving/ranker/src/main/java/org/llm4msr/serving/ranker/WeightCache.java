package org.llm4msr.serving.ranker;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** Keeps the weights of users, as many as a number of bytes allows. For several threads. */
final class WeightCache implements AutoCloseable {

  private record Key(UserGraph graph, int user) {}

  private final Cache<Key, UserWeights> weights;

  /**
   * Makes an empty cache.
   *
   * @param bytes at most; 0 for none
   */
  WeightCache(long bytes) {
    weights =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .weigher((Key key, UserWeights value) -> value.memory().bytes())
            .executor(Runnable::run)
            .removalListener((key, value, cause) -> requireNonNull(value).release())
            .recordStats()
            .build();
  }

  /** Returns the weights of a user, made now if they are not kept. The caller releases them. */
  UserWeights get(UserGraph graph, int user) {
    Key key = new Key(graph, user);
    UserWeights kept = weights.getIfPresent(key);
    if (kept != null && kept.acquire()) {
      return kept;
    }
    UserWeights made = graph.weights(user);
    made.acquire();
    weights.put(key, made);
    return made;
  }

  /** Returns how many requests found what they read. */
  long hits() {
    return weights.stats().hitCount();
  }

  @Override
  public void close() {
    weights.invalidateAll();
    weights.cleanUp();
  }
}
