package org.llm4msr.benchmarks.ranking;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;
import org.llm4msr.benchmarks.Processor;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * Times requests of one user and 500 items to a server in a process of its own, which has the first
 * processor; this client has the second. The model is that of {@link RankerBenchmark}.
 *
 * <pre>
 * capacity FOLDER         how many requests are answered in a second, eight at once
 * latency FOLDER SECONDS  open loop at half of that
 * overload FOLDER         open loop at three times of that, with a deadline
 * reload FOLDER SECONDS   as latency, without and with another version every 30 seconds
 * first FOLDER RATE       ten seconds of a server that has just become ready, no user twice
 * </pre>
 *
 * <p>{@code benchmarks/run ranking.ServerBenchmark ...} starts it; {@code -Dtransport=grpc} in
 * {@code LLM4MSR_JAVA_OPTS} takes gRPC in place of JSON. Latencies begin when requests are due, so
 * that waiting for others counts.
 */
public final class ServerBenchmark {

  private static final int ITEMS = Integer.getInteger("items", 500);
  private static final int REQUESTS = 2000;
  private static final int HOT_USERS = 200;
  private static final int AT_ONCE = 8;
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration CAPACITY = Duration.ofSeconds(20);
  private static final Duration OVERLOAD = Duration.ofSeconds(30);
  private static final Duration DEADLINE = Duration.ofMillis(100);
  private static final Duration BETWEEN_VERSIONS = Duration.ofSeconds(30);
  private static final int FACTOR = 3;
  private static final int FIRST_SECONDS = 10;

  private final RankerData data;
  private final List<RankRequest> requests = new ArrayList<>();
  private final ServerProcess server;
  private final RankClient client;

  private ServerBenchmark(RankerData data, ServerProcess server, int users) {
    this.data = data;
    this.server = server;
    for (int i = 0; i < REQUESTS; i++) {
      requests.add(data.request(i % users * 97, ITEMS));
    }
    client = client(server);
  }

  private RankClient client(ServerProcess of) {
    return "grpc".equals(System.getProperty("transport"))
        ? new GrpcRankClient(of.port(), requests)
        : new HttpRankClient(of.port(), requests);
  }

  /** Runs what the first argument names. */
  public static void main(String[] args) throws Exception {
    System.out.println(Processor.name());
    RankerData data = RankerData.in(Path.of(args[1]));
    try (ServerProcess server = ServerProcess.start(data.versions("enhanced"))) {
      int users = args[0].equals("first") ? RankerData.USERS : HOT_USERS;
      ServerBenchmark benchmark = new ServerBenchmark(data, server, users);
      ClosedLoop.run(AT_ONCE, WARM_UP, benchmark::send);
      switch (args[0]) {
        case "capacity" -> benchmark.capacity();
        case "latency" -> benchmark.latency(Integer.parseInt(args[2]));
        case "overload" -> benchmark.overload();
        case "reload" -> benchmark.reload(Integer.parseInt(args[2]));
        case "first" -> benchmark.first(Integer.parseInt(args[2]));
        default -> throw new IllegalArgumentException("no comparison " + args[0]);
      }
    }
    System.exit(0);
  }

  private CompletableFuture<Boolean> send(int number) {
    return client.send(number % REQUESTS, Duration.ofSeconds(1));
  }

  private double capacity() throws Exception {
    long garbage = server.allocated();
    int answered = ClosedLoop.run(AT_ONCE, CAPACITY, this::send);
    double rate = answered / (double) CAPACITY.toSeconds();
    System.out.printf(
        "%s: %.0f requests/s, %,d bytes of garbage a request, %s%n",
        client.name(), rate, (server.allocated() - garbage) / answered, server.resident());
    return rate;
  }

  private void latency(int seconds) throws Exception {
    timed(capacity() / 2, seconds);
  }

  private Histogram timed(double rate, int seconds) throws Exception {
    IdlePauses pauses = new IdlePauses();
    AsyncOpenLoop loop = new AsyncOpenLoop();
    Histogram latencies = loop.run(rate, (int) (rate * seconds), this::send);
    System.out.printf(
        "%s at %.0f requests/s: p50 %.2f, p95 %.2f, p99 %.2f, p99.9 %.2f ms; %d failed; %s; an idle thread: p99.9 %.2f ms%n",
        client.name(),
        rate,
        latencies.getValueAtPercentile(50) / 1e6,
        latencies.getValueAtPercentile(95) / 1e6,
        latencies.getValueAtPercentile(99) / 1e6,
        latencies.getValueAtPercentile(99.9) / 1e6,
        loop.failed(),
        server.resident(),
        pauses.percentile(99.9));
    return latencies;
  }

  private void reload(int seconds) throws Exception {
    double rate = capacity() / 2;
    double alone = timed(rate, seconds).getValueAtPercentile(99);
    AtomicInteger loads = new AtomicInteger();
    Thread changes = new Thread(() -> change(loads));
    changes.setDaemon(true);
    changes.start();
    double changing = timed(rate, seconds).getValueAtPercentile(99);
    changes.interrupt();
    changes.join();
    System.out.printf("%d versions: p99 %.2f times%n", loads.get(), changing / alone);
  }

  private void change(AtomicInteger loads) {
    try {
      while (true) {
        Thread.sleep(BETWEEN_VERSIONS.toMillis());
        server.choose(loads.get() % 2 == 0 ? "1" : "2");
        loads.incrementAndGet();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of another server: this client is warm, and that one is not. */
  private void first(int rate) throws Exception {
    long begin = System.nanoTime();
    try (ServerProcess fresh = ServerProcess.start(data.versions("enhanced"))) {
      System.out.printf("ready after %.1f s%n", (System.nanoTime() - begin) / 1e9);
      RankClient other = client(fresh);
      AsyncOpenLoop loop = new AsyncOpenLoop();
      for (int second = 1; second <= FIRST_SECONDS; second++) {
        int from = (second - 1) * rate;
        Histogram latencies =
            loop.run(rate, rate, i -> other.send((from + i) % REQUESTS, Duration.ofSeconds(1)));
        System.out.printf(
            "%s at %d requests/s, second %d: p50 %.2f, p99 %.2f ms; %d failed so far%n",
            other.name(),
            rate,
            second,
            latencies.getValueAtPercentile(50) / 1e6,
            latencies.getValueAtPercentile(99) / 1e6,
            loop.failed());
      }
    }
  }

  private void overload() throws Exception {
    double capacity = capacity();
    double rate = capacity * FACTOR;
    AtomicInteger good = new AtomicInteger();
    AsyncOpenLoop loop = new AsyncOpenLoop();
    Histogram latencies =
        loop.run(
            rate,
            (int) (rate * OVERLOAD.toSeconds()),
            i ->
                client
                    .send(i % REQUESTS, DEADLINE)
                    .thenApply(
                        answered -> {
                          if (answered) {
                            good.incrementAndGet();
                          }
                          return answered;
                        }));
    System.out.printf(
        "%s at %.0f requests/s with %d ms each: goodput %.2f of the capacity; answers p50 %.1f, p99 %.1f ms%n",
        client.name(),
        rate,
        DEADLINE.toMillis(),
        good.get() / (double) OVERLOAD.toSeconds() / capacity,
        latencies.getValueAtPercentile(50) / 1e6,
        latencies.getValueAtPercentile(99) / 1e6);
  }
}
