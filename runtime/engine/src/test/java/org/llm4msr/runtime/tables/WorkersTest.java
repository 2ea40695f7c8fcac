package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void processEachRowOnceAndNoTwoTasksUnderOneNumber(int threads) {
    AtomicIntegerArray processed = new AtomicIntegerArray(1_003);
    AtomicIntegerArray running = new AtomicIntegerArray(threads);
    Workers.Task task =
        (worker, from, to) -> {
          assertThat(running.incrementAndGet(worker)).isEqualTo(1);
          assertThat(to - from).isBetween(1, 4);
          for (int row = from; row < to; row++) {
            processed.incrementAndGet(row);
          }
          running.decrementAndGet(worker);
        };
    try (Workers workers = new Workers(threads)) {
      workers.range(1_003, 4, task);
      workers.begin(1_003, 4, task).finish();
      workers.beginInPauses(1_003, 4, task).finish();
    }

    for (int row = 0; row < processed.length(); row++) {
      assertThat(processed.get(row)).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void processNothing(int threads) {
    Workers.Task task =
        (worker, from, to) -> {
          throw new IllegalStateException("no row");
        };
    try (Workers workers = new Workers(threads)) {
      workers.range(0, 4, task);
      workers.begin(0, 4, task).finish();
      workers.beginInPauses(0, 4, task).finish();
    }
  }

  /** What was begun goes on beside other ranges, which wait for no thread that has not begun. */
  @Test
  void doNotWaitForAThreadThatIsBusyWithWhatWasBegun() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger rows = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    try (Workers workers = new Workers(2)) {
      Workers.Pending pending =
          workers.begin(
              1,
              1,
              (worker, from, to) -> {
                assertThat(worker).isEqualTo(1);
                begun.countDown();
                await(goOn);
                ended.incrementAndGet();
              });
      await(begun);
      workers.range(
          100,
          1,
          (worker, from, to) -> {
            assertThat(worker).isZero();
            rows.incrementAndGet();
          });
      assertThat(rows).hasValue(100);
      assertThat(ended).hasValue(0);
      goOn.countDown();
      pending.finish();

      assertThat(ended).hasValue(1);
    }
  }

  /** What waits for pauses goes on by itself, but only behind everything else. */
  @Test
  void processInPausesBehindWhatBeginsLater() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(3);
    Queue<String> order = new ConcurrentLinkedQueue<>();
    try (Workers workers = new Workers(2)) {
      Workers.Pending inPauses =
          workers.beginInPauses(
              3,
              1,
              (worker, from, to) -> {
                assertThat(worker).isEqualTo(1);
                begun.countDown();
                await(goOn);
                order.add("block " + from);
                done.countDown();
              });
      await(begun);
      workers.range(2, 1, (worker, from, to) -> order.add("range " + worker));
      Workers.Pending later = workers.begin(1, 1, (worker, from, to) -> order.add("begun"));
      goOn.countDown();
      await(done);
      later.finish();
      inPauses.finish();
    }

    assertThat(order)
        .containsExactly("range 0", "range 0", "block 0", "begun", "block 1", "block 2");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void throwWhatATaskThrew(int threads) {
    Workers.Task task =
        (worker, from, to) -> {
          if (from == 7) {
            throw new IllegalStateException("row 7");
          }
        };
    try (Workers workers = new Workers(threads)) {
      assertThatThrownBy(() -> workers.range(100, 1, task)).hasMessage("row 7");
      Workers.Pending pending = workers.begin(100, 1, task);
      assertThatThrownBy(pending::finish).hasMessage("row 7");
      Workers.Pending inPauses = workers.beginInPauses(100, 1, task);
      assertThatThrownBy(inPauses::finish).hasMessage("row 7");
    }
  }
}
