package org.llm4msr.runtime.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.llm4msr.runtime.batch.Exchange;

/** Workers of a ring as threads of one process, over loopback. */
public final class TestRings {

  static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final long SECRET = 5;

  private TestRings() {}

  /**
   * Has each worker of a ring do something on a thread of its own.
   *
   * @return the results by rank; the first failure is thrown as it is
   */
  public static <T> List<T> run(int workers, Function<Exchange, T> work) {
    return run(workers, false, work);
  }

  /** Does the same with workers in as many rings as each has others, so that they can swap. */
  public static <T> List<T> runInAllRings(int workers, Function<Exchange, T> work) {
    return run(workers, true, work);
  }

  static <T> List<T> run(int workers, boolean inAll, Function<Exchange, T> work) {
    List<ServerSocket> servers = servers(workers);
    List<InetSocketAddress> addresses = addresses(servers);
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    try {
      List<CompletableFuture<T>> all = new ArrayList<>();
      for (int r = 0; r < workers; r++) {
        int rank = r;
        all.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try (Exchange ring = join(rank, addresses, servers.get(rank), inAll)) {
                    return work.apply(ring);
                  }
                },
                threads));
      }
      // All, also where one fails: what the others hold is released then.
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).handle((v, e) -> e).join();
      List<T> results = new ArrayList<>();
      for (CompletableFuture<T> each : all) {
        results.add(each.join());
      }
      return results;
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException known ? known : e;
    } finally {
      threads.shutdown();
    }
  }

  /** Joins one ring, or all; the address of a worker is that at which it listens. */
  public static Ring join(
      int rank, List<InetSocketAddress> addresses, ServerSocket own, boolean inAll) {
    List<RingLink> links =
        inAll
            ? RingLink.joinAll(rank, addresses, own, SECRET, PATIENCE)
            : List.of(RingLink.join(rank, addresses, own, SECRET, PATIENCE));
    return new Ring(rank, addresses.size(), links);
  }

  static List<ServerSocket> servers(int workers) {
    List<ServerSocket> servers = new ArrayList<>();
    try {
      for (int r = 0; r < workers; r++) {
        servers.add(new ServerSocket(0, 8, InetAddress.getLoopbackAddress()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return servers;
  }

  static List<InetSocketAddress> addresses(List<ServerSocket> servers) {
    return servers.stream()
        .map(server -> new InetSocketAddress(server.getInetAddress(), server.getLocalPort()))
        .toList();
  }
}
