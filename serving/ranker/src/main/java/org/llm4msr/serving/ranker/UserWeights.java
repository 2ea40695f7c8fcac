package org.llm4msr.serving.ranker;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The weights of a user. It is counted who uses them: the cache and requests. When none does any
 * more, their memory is free for those of another user, and these are gone.
 */
final class UserWeights {

  private final UserMemory memory;
  private final Queue<UserMemory> free;
  private final AtomicInteger uses = new AtomicInteger(1);

  /**
   * Begins the first use.
   *
   * @param memory holds the weights
   * @param free gets the memory when the last use ends
   */
  UserWeights(UserMemory memory, Queue<UserMemory> free) {
    this.memory = memory;
    this.free = free;
  }

  UserMemory memory() {
    return memory;
  }

  /** Begins another use; returns whether the last one had not ended. */
  boolean acquire() {
    int before = uses.get();
    while (before > 0) {
      int seen = uses.compareAndExchange(before, before + 1);
      if (seen == before) {
        return true;
      }
      before = seen;
    }
    return false;
  }

  /** Ends a use. */
  void release() {
    if (uses.decrementAndGet() == 0) {
      if (!free.offer(memory)) {
        memory.close();
      }
    }
  }
}
