package org.llm4msr.runtime.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

class RingTest {

  private static float[] numbers(int rank, int count) {
    Random random = new Random(rank);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  /** Fewer numbers than workers, and pieces that are larger than the buffers of a connection. */
  @ParameterizedTest
  @CsvSource({"2,1", "2,1000001", "3,2", "3,70001", "4,100003", "5,3"})
  void addsUpInOneOrderAndSendsWhatTheFormulaSays(int workers, int count) {
    double[] expected = new double[count];
    for (int r = 0; r < workers; r++) {
      float[] of = numbers(r, count);
      for (int i = 0; i < count; i++) {
        expected[i] += of[i];
      }
    }
    long[] sent = new long[workers];

    List<float[]> sums =
        TestRings.run(
            workers,
            ring -> {
              float[] values = numbers(ring.rank(), count + 5);
              float after = values[count];
              ring.sum(values, count);
              assertThat(values[count]).isEqualTo(after);
              sent[ring.rank()] = ring.sent();
              return Arrays.copyOf(values, count);
            });

    for (float[] each : sums) {
      assertThat(each).isEqualTo(sums.get(0));
    }
    for (int i = 0; i < count; i++) {
      assertThat((double) sums.get(0)[i]).isCloseTo(expected[i], within(2e-6));
    }
    long headers = 2L * (workers - 1) * 12;
    long all = 0;
    for (long each : sent) {
      all += each - headers;
    }
    assertThat(all).isEqualTo(2L * (workers - 1) * 4 * count);
  }

  @Test
  void gathersInTheOrderOfTheRanks() {
    List<List<Integer>> found =
        TestRings.run(
            3,
            ring -> {
              ByteBuffer own = ByteBuffer.allocate(40_000 * ring.rank());
              for (int round = 0; round < 3; round++) {
                List<ByteBuffer> all = ring.gather(own);
                assertThat(all.stream().map(ByteBuffer::remaining))
                    .containsExactly(0, 40_000, 80_000);
              }
              ByteBuffer number = ByteBuffer.allocateDirect(4).put((byte) ring.rank());
              return ring.gather(number.flip()).stream().map(each -> (int) each.get(0)).toList();
            });

    assertThat(found).allMatch(each -> each.equals(List.of(0, 1, 2)));
  }

  /** Sizes from nothing to more than connections hold, from each to each. */
  @Test
  void swapsWhatEachHasForEach() {
    int workers = 4;
    List<Long> sent =
        TestRings.runInAllRings(
            workers,
            ring -> {
              for (int round = 0; round < 3; round++) {
                List<ByteBuffer> toEach = new ArrayList<>();
                for (int to = 0; to < workers; to++) {
                  toEach.add(filled(ring.rank(), to));
                }
                List<ByteBuffer> all = ring.swap(toEach);
                for (int from = 0; from < workers; from++) {
                  assertThat(all.get(from)).isEqualTo(filled(from, ring.rank()));
                }
              }
              return ring.sent();
            });

    for (int rank = 0; rank < workers; rank++) {
      long bytes = 0;
      for (int to = 0; to < workers; to++) {
        bytes += to == rank ? 0 : 3 * (12L + filled(rank, to).remaining());
      }
      assertThat(sent.get(rank)).isEqualTo(bytes);
    }
  }

  private static ByteBuffer filled(int from, int to) {
    byte[] bytes = new byte[from * to * 700_000];
    Arrays.fill(bytes, (byte) (10 * from + to));
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void tellsThoseThatSwapWhyAWorkerGoesNoFurther() {
    List<String> told =
        TestRings.runInAllRings(
            4,
            ring -> {
              if (ring.rank() == 1) {
                ring.fail(ErrorType.USER, "[data/GONE] Look for it.");
                return "";
              }
              try {
                ByteBuffer large = ByteBuffer.allocate(8_000_000);
                ring.swap(List.of(large, large, large, large));
                return "none";
              } catch (MsrException e) {
                return e.type() + " " + e.getMessage();
              }
            });

    String expected = "USER [training/WORKER_FAILED] Another worker: [data/GONE] Look for it.";
    assertThat(told).containsExactly(expected, "", expected, expected);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tellsAllWhyAWorkerGoesNoFurther(boolean inAllRings) {
    List<String> told =
        TestRings.run(
            4,
            inAllRings,
            ring -> {
              ring.sum(new float[100], 100);
              if (ring.rank() == 2) {
                ring.fail(ErrorType.RESOURCES, "[disk/FULL] Make room.");
                return "";
              }
              try {
                // More than connections hold, so that all wait for others while they send.
                ring.sum(new float[8_000_000], 8_000_000);
                return "none";
              } catch (MsrException e) {
                return e.type() + " " + e.getMessage();
              }
            });

    String expected = "RESOURCES [training/WORKER_FAILED] Another worker: [disk/FULL] Make room.";
    assertThat(told).containsExactly(expected, expected, "", expected);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failsInAllOthersWhereAWorkerEnds(boolean inAllRings) {
    assertThatThrownBy(
            () ->
                TestRings.run(
                    4,
                    inAllRings,
                    ring -> {
                      ring.sum(new float[100], 100);
                      if (ring.rank() == 3) {
                        return null;
                      }
                      ring.sum(new float[100], 100);
                      ring.gather(ByteBuffer.allocate(10));
                      return null;
                    }))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/WORKER_LOST] Worker 1 of 4 lost another worker: ")
        .satisfies(e -> assertThat(((MsrException) e).retryable()).isTrue());
  }

  @Test
  void workersOfOneRingCannotSwap() {
    List<ByteBuffer> none = Collections.nCopies(3, ByteBuffer.allocate(0));

    assertThatThrownBy(() -> TestRings.run(3, ring -> ring.swap(none)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("these workers are in one ring");
  }

  @Test
  void refusesWorkersThatDoDifferentThings() {
    assertThatThrownBy(
            () ->
                TestRings.run(
                    2,
                    ring -> {
                      if (ring.rank() == 0) {
                        ring.sum(new float[10], 10);
                      } else {
                        ring.sum(new float[12], 12);
                      }
                      return null;
                    }))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("did different things");
  }

  @Test
  void sendsStrangersAway() throws Exception {
    List<ServerSocket> servers = TestRings.servers(2);
    List<InetSocketAddress> addresses = TestRings.addresses(servers);
    try (Socket silent = new Socket(servers.get(0).getInetAddress(), addresses.get(0).getPort());
        Socket other = new Socket(servers.get(0).getInetAddress(), addresses.get(0).getPort())) {
      other.getOutputStream().write(new byte[16]);
      silent.shutdownOutput();
      CompletableFuture<Ring> first =
          CompletableFuture.supplyAsync(() -> TestRings.join(0, addresses, servers.get(0), false));
      try (Ring second = TestRings.join(1, addresses, servers.get(1), false);
          Ring own = first.get()) {
        CompletableFuture<List<ByteBuffer>> all =
            CompletableFuture.supplyAsync(() -> own.gather(ByteBuffer.allocate(1)));
        assertThat(second.gather(ByteBuffer.allocate(2))).hasSize(2);
        assertThat(all.get()).hasSize(2);
      }
    }
  }

  @Test
  void namesTheWorkerThatWaitedInVain() {
    List<ServerSocket> servers = TestRings.servers(2);
    List<InetSocketAddress> addresses = TestRings.addresses(servers);

    assertThatThrownBy(() -> RingLink.join(0, addresses, servers.get(0), 1, Duration.ofMillis(300)))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/WORKER_LOST] Worker 1 of 2 could not reach the others");
  }
}
