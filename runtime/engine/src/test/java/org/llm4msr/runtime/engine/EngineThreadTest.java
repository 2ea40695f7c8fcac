package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.llm4msr.api.MsrException;

class EngineThreadTest {

  private final EngineThread thread = new EngineThread();

  @AfterEach
  void close() {
    Thread.interrupted();
    thread.close();
  }

  @Test
  void anInterruptDoesNotPreventWhatMustBeDone() {
    Thread.currentThread().interrupt();

    assertThat(thread.<Integer>finish(() -> 7)).isEqualTo(7);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptedCallerBeginsNothing() {
    AtomicBoolean begun = new AtomicBoolean();
    for (int i = 0; i < 1_000; i++) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> thread.call(() -> begun.getAndSet(true), () -> {}))
          .hasMessageContaining("engine/INTERRUPTED");
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(thread.<Boolean>finish(begun::get)).isFalse();
  }

  @Test
  void workThatHasNotBegunNeverDoes() throws InterruptedException {
    CountDownLatch occupied = new CountDownLatch(1);
    CountDownLatch busy = new CountDownLatch(1);
    AtomicBoolean begun = new AtomicBoolean();
    Thread other =
        new Thread(
            () ->
                thread.finish(
                    () -> {
                      occupied.countDown();
                      busy.await();
                      return 0;
                    }));
    other.start();
    occupied.await();
    Thread caller = Thread.currentThread();
    new Thread(
            () -> {
              while (caller.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
              caller.interrupt();
            })
        .start();

    assertThatThrownBy(() -> thread.call(() -> begun.getAndSet(true), () -> {}))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("engine/INTERRUPTED");
    assertThat(Thread.interrupted()).isTrue();
    busy.countDown();
    assertThat(thread.<Boolean>finish(begun::get)).isFalse();
  }

  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatTheFirstWorkThrowsReachesEveryCaller() {
    AtomicBoolean begun = new AtomicBoolean();
    UnsatisfiedLinkError missing = new UnsatisfiedLinkError("no library");
    try (EngineThread broken =
        new EngineThread(
            () -> {
              throw missing;
            })) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> broken.finish(() -> begun.getAndSet(true))).isSameAs(missing);
      }
    }
    assertThat(begun).isFalse();
  }

  /** Callers close what the work uses. */
  @Test
  void workThatHasBegunIsAskedToStopAndWaitedFor() {
    CountDownLatch stop = new CountDownLatch(1);
    Thread caller = Thread.currentThread();

    String answer =
        thread.call(
            () -> {
              caller.interrupt();
              stop.await();
              return "ended";
            },
            stop::countDown);

    assertThat(answer).isEqualTo("ended");
    assertThat(Thread.interrupted()).isTrue();
  }
}
