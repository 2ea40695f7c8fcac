package org.llm4msr.benchmarks.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hipparchus.stat.descriptive.rank.Median;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.peers.Ring;
import org.llm4msr.runtime.peers.RingLink;

/**
 * The ring of two workers on this machine: what it costs but for a network. Half of a sum of one
 * number is the latency; the rate is that of a large sum, with its copies and additions.
 */
public final class Loopback {

  private static final int ROUNDS = 200;
  private static final int LARGE_ROUNDS = 20;
  private static final int LARGE = 4 << 20;
  private static final int WORKERS = 2;

  private Loopback() {}

  /** Measures it. */
  public static ProjectedStep.Network measure() throws IOException {
    List<ServerSocket> servers = new ArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (int rank = 0; rank < WORKERS; rank++) {
      ServerSocket server = new ServerSocket(0, WORKERS, InetAddress.getLoopbackAddress());
      servers.add(server);
      addresses.add(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
    }
    CompletableFuture<ProjectedStep.Network> other =
        CompletableFuture.supplyAsync(() -> measure(1, addresses, servers.get(1)));
    ProjectedStep.Network own = measure(0, addresses, servers.get(0));
    other.join();
    return own;
  }

  private static ProjectedStep.Network measure(
      int rank, List<InetSocketAddress> addresses, ServerSocket server) {
    RingLink link = RingLink.join(rank, addresses, server, 7, Duration.ofSeconds(30));
    try (Exchange ring = new Ring(rank, WORKERS, List.of(link))) {
      float[] values = new float[LARGE];
      // A sum of two workers is two messages each.
      double latency = seconds(ring, values, 1, ROUNDS) / 2;
      double large = seconds(ring, values, LARGE, LARGE_ROUNDS) / 2;
      double bytes = (double) LARGE * Float.BYTES / WORKERS;
      return new ProjectedStep.Network(latency, bytes / (large - latency));
    }
  }

  private static double seconds(Exchange ring, float[] values, int count, int rounds) {
    double[] times = new double[rounds];
    for (int round = -rounds / 2; round < rounds; round++) {
      long start = System.nanoTime();
      ring.sum(values, count);
      if (round >= 0) {
        times[round] = (System.nanoTime() - start) / 1e9;
      }
    }
    return new Median().evaluate(times);
  }
}
