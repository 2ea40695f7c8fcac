package org.llm4msr.serving.ranker;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.FloatBuffer;
import java.util.function.Supplier;

/** Keeps the weights of users, as many as a number of bytes allows. For several threads. */
final class WeightCache implements AutoCloseable {

  /**
   * Whose weights.
   *
   * @param user its index, or the one array that holds its knowledge
   */
  private record Key(UserGraph graph, Object user) {}

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
    return get(new Key(graph, user), () -> graph.weights(user));
  }

  /**
   * Returns the weights of knowledge that is not stored, made now if they are not kept. The caller
   * releases them.
   *
   * @param vector always the same array as long as the knowledge is the same
   * @param knowledge makes of it what the model reads
   */
  UserWeights get(UserGraph graph, float[] vector, Supplier<FloatBuffer> knowledge) {
    return get(new Key(graph, vector), () -> graph.weights(knowledge.get()));
  }

  private UserWeights get(Key key, Supplier<UserWeights> maker) {
    UserWeights kept = weights.getIfPresent(key);
    if (kept != null && kept.acquire()) {
      return kept;
    }
    UserWeights made = maker.get();
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
