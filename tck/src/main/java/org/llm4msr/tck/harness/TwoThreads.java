package org.llm4msr.tck.harness;

import java.util.List;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Does the same work in two threads that start each round together; ends when one of them fails.
 */
public record TwoThreads(int rounds, Work work) {

  /** The work of each thread in each round; threads and rounds count from 0. */
  public interface Work {
    void run(int thread, int round) throws Exception;

    /** Returns the same work, in which one thread waits for the other. */
    default Work inTurn() {
      return new Work() {
        @Override
        public synchronized void run(int thread, int round) throws Exception {
          Work.this.run(thread, round);
        }
      };
    }
  }

  /** Runs the threads; throws what one of them threw first. */
  public void run() throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Phaser together = new Phaser(2);
    List<Thread> threads = List.of(thread(0, together, thrown), thread(1, together, thrown));
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    Throwable first = thrown.get();
    if (first instanceof Finding finding) {
      throw finding;
    }
    if (first != null) {
      throw new IllegalStateException("beside another thread: " + first, first);
    }
  }

  private Thread thread(int number, Phaser together, AtomicReference<@Nullable Throwable> thrown) {
    Runnable allRounds =
        () -> {
          try {
            for (int round = 0; round < rounds; round++) {
              together.arriveAndAwaitAdvance();
              if (thrown.get() != null) {
                return;
              }
              work.run(number, round);
            }
          } catch (Throwable e) {
            thrown.compareAndSet(null, e);
          } finally {
            together.arriveAndDeregister();
          }
        };
    return new Thread(allRounds, "conformance-" + number);
  }
}
