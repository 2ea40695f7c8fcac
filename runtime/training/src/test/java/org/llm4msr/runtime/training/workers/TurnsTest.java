package org.llm4msr.runtime.training.workers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.peers.TestRings;

class TurnsTest {

  private static final int WORKERS = 3;

  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  @Test
  void theFirstWorkerOpensBeforeTheOthers() {
    assertThat(open(rank -> false)).containsExactly("opened", "opened", "opened");
    assertThat(log).hasSize(WORKERS).startsWith("open 0").contains("open 1", "open 2");
  }

  @Test
  void nobodyOpensWhatTheFirstCannot() {
    String told = "[training/WORKER_FAILED] Worker 1 of 3: [test/NONE] none for 0";
    assertThat(open(rank -> rank == 0)).containsExactly("[test/NONE] none for 0", told, told);
    assertThat(log).containsExactly("open 0");
  }

  @Test
  void allCloseWhatOneCannotOpen() {
    String told = "[training/WORKER_FAILED] Worker 3 of 3: [test/NONE] none for 2";
    assertThat(open(rank -> rank == 2)).containsExactly(told, told, "[test/NONE] none for 2");
    assertThat(log).hasSize(5).contains("close 0", "close 1").doesNotContain("close 2");
  }

  /** Returns what came of it, by rank. */
  private List<String> open(IntPredicate fails) {
    return TestRings.run(WORKERS, ring -> open(ring, fails.test(ring.rank())));
  }

  private String open(Exchange ring, boolean fails) {
    try {
      Turns.<AutoCloseable>open(
          ring,
          () -> {
            log.add("open " + ring.rank());
            if (fails) {
              throw new MsrException(ErrorType.USER, "test/NONE", "none for " + ring.rank());
            }
            return () -> log.add("close " + ring.rank());
          });
      return "opened";
    } catch (MsrException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
