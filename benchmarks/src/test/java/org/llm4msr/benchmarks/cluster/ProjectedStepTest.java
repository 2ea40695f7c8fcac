package org.llm4msr.benchmarks.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.benchmarks.cluster.ProjectedStep.Network;

class ProjectedStepTest {

  /**
   * N = 4, 4 P = 8 MB, a worker touches 1 MB of rows, 1 MB takes 10 ms, a message .1 ms more: six
   * messages of 2 MB take 6 (.1 + 20) = 120.6 ms, three of 1 MB 3 (.1 + 10) = 30.3 ms. A worker
   * sends 2 x 3 / 4 x 8 = 12 MB and 3 MB.
   */
  @Test
  void fourWorkersByHand() {
    ProjectedStep step = new ProjectedStep(4, 0.05, 8_000_000, 1_000_000);

    assertThat(step.bytes()).isEqualTo(15e6);
    assertThat(step.seconds(new Network(1e-4, 1e8))).isCloseTo(0.2009, within(1e-9));
  }

  @Test
  void oneWorkerSendsNothing() {
    ProjectedStep step = new ProjectedStep(1, 0.05, 8_000_000, 0);

    assertThat(step.bytes()).isZero();
    assertThat(step.seconds(new Network(1, 1))).isEqualTo(0.05);
  }

  @Test
  void theFirstWorkerGetsWhatTheOthersSent() {
    StandIn all = new StandIn(2);
    for (int batch = 0; batch < 2; batch++) {
      for (int rank = 0; rank < 2; rank++) {
        all.record(rank, batch);
        assertThat(all.gather(bytes(10 * batch + rank))).hasSize(2);
      }
    }

    all.replay(1);

    List<ByteBuffer> got = all.gather(bytes(7));
    assertThat(got.get(0).get()).isEqualTo((byte) 7);
    assertThat(got.get(1).get()).isEqualTo((byte) 11);
    assertThat(all.sent()).isEqualTo(1);
  }

  private static ByteBuffer bytes(int value) {
    return ByteBuffer.wrap(new byte[] {(byte) value});
  }
}
