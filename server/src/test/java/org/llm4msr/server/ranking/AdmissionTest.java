package org.llm4msr.server.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;

/** One thread, and two places in the queue. */
class AdmissionTest {

  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch begun = new CountDownLatch(1);
  private final AtomicLong now = new AtomicLong();
  private final Admission admission = new Admission(1, 2, now::get);

  AdmissionTest() {
    admission.begin();
  }

  @AfterEach
  void close() {
    released.countDown();
    admission.close();
  }

  private long in(Duration time) {
    return now.get() + time.toNanos();
  }

  private long later() {
    return in(Duration.ofMinutes(1));
  }

  private String held() {
    begun.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return "held";
  }

  private CompletableFuture<String> hold() throws InterruptedException {
    CompletableFuture<String> held = admission.submit(later(), this::held);
    begun.await();
    return held;
  }

  @Test
  void whatDoesNotFitIntoTheQueueIsRefusedAndTheRestIsDone() throws Exception {
    List<CompletableFuture<String>> taken = new ArrayList<>(List.of(hold()));
    taken.add(admission.submit(later(), () -> "first"));
    taken.add(admission.submit(later(), () -> "second"));

    assertThat(admission.waiting()).isEqualTo(2);
    assertThat(admission.running()).isEqualTo(1);
    assertThatThrownBy(() -> admission.submit(later(), () -> "third"))
        .isInstanceOfSatisfying(
            MsrException.class,
            error -> {
              assertThat(error.code()).isEqualTo("serve/BUSY");
              assertThat(error.retryable()).isTrue();
            });
    released.countDown();
    assertThat(taken).extracting(CompletableFuture::get).containsExactly("held", "first", "second");
  }

  @Test
  void whatWaitsAtTheEndIsRefused() throws Exception {
    CompletableFuture<String> held = hold();
    CompletableFuture<String> waiting = admission.submit(later(), () -> "never");
    Thread closing = new Thread(admission::close);
    closing.start();
    while (closing.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    released.countDown();

    assertThat(held.get()).isEqualTo("held");
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("[serve/NOT_READY]");
    closing.join();
  }

  @Test
  void workThatWaitedPastItsDeadlineIsNotDone() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    hold();
    CompletableFuture<Boolean> late =
        admission.submit(in(Duration.ofMillis(20)), () -> done.getAndSet(true));
    now.addAndGet(Duration.ofMillis(21).toNanos());
    released.countDown();

    assertThatThrownBy(late::get)
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("rank/DEADLINE");
    assertThat(done).isFalse();
  }

  @Test
  void whatWouldBeLateIsRefusedAtOnce() throws Exception {
    for (int i = 0; i < 50; i++) {
      admission.submit(later(), () -> now.addAndGet(Duration.ofMillis(5).toNanos())).get();
    }
    hold();
    admission.submit(later(), () -> "waits");

    // The mean is 5 (1 - (15 / 16)^50) = 4.80 ms; two such times, doubled, are 19.2 ms.
    assertThatThrownBy(() -> admission.require(in(Duration.ofMillis(19))))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("would come after the deadline");
    admission.require(in(Duration.ofMillis(20)));
  }

  @Test
  void whatWasTakenIsDoneAfterTheEnd() throws Exception {
    CompletableFuture<String> held = hold();
    CompletableFuture<String> waits = admission.submit(later(), () -> "waits");
    admission.end();

    assertThatThrownBy(() -> admission.submit(later(), () -> "new"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/NOT_READY]");
    released.countDown();
    assertThat(held.get()).isEqualTo("held");
    assertThat(waits.get()).isEqualTo("waits");
  }

  @Test
  void nothingIsTakenBeforeTheBeginning() {
    try (Admission closed = new Admission(1, 1, now::get)) {
      assertThatThrownBy(() -> closed.require(later()))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/NOT_READY]");
    }
  }

  @Test
  void aFailureOfTheWorkIsThatOfTheResult() {
    CompletableFuture<String> failed =
        admission.submit(
            later(),
            () -> {
              throw new IllegalArgumentException("as is");
            });

    assertThatThrownBy(failed::get).hasRootCauseMessage("as is");
  }
}
