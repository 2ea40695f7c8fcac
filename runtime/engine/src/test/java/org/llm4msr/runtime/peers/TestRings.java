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

/** Workers of a ring as threads of one process, over loopback. */
public final class TestRings {

  static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final long SECRET = 5;

  private TestRings() {}

  /**
   * Has each worker do something on a thread of its own.
   *
   * @return the results by rank; the first failure is thrown as it is
   */
  public static <T> List<T> run(int workers, Function<Exchange, T> work) {
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
                  try (Exchange ring = join(rank, addresses, servers.get(rank))) {
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

  /** Joins a ring; the address of a worker is that at which it listens. */
  public static Ring join(int rank, List<InetSocketAddress> addresses, ServerSocket own) {
    return new Ring(
        rank, addresses.size(), RingLink.joinAll(rank, addresses, own, SECRET, PATIENCE));
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
