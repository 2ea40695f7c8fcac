package org.llm4msr.benchmarks.ranking;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.HdrHistogram.Histogram;
import org.llm4msr.benchmarks.Processor;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/**
 * Times requests of one user and 500 items to a ranker in this process: MMoE on 592 numbers a row,
 * five scenarios, alone and with the levels of users and scenarios.
 *
 * <pre>
 * latency FOLDER          open loop, one thread, 100 requests a second: weights of users that are
 *                         kept and that are not; and how many a thread answers in a second
 * ratio FOLDER            the enhanced model against the plain one, by turns
 * threads FOLDER          two threads against one, beside products alone
 * memory FOLDER MINUTES   the resident size of the process
 * </pre>
 *
 * <p>{@code benchmarks/run ranking.RankerBenchmark ...} starts it. What is drawn and trained stays
 * in FOLDER for the next run. A run whose idle thread was kept from waking is to be discarded, and
 * says so.
 */
public final class RankerBenchmark {

  private static final int ITEMS = Integer.getInteger("items", 500);
  private static final int REQUESTS = 2000;
  private static final int HOT_USERS = 200;
  private static final double RATE = 100;
  private static final double MOST_PAUSE = 2;
  private static final int ROUNDS = 12;
  private static final long SECONDS_EACH = TimeUnit.SECONDS.toNanos(3);

  private final RankerData data;

  private RankerBenchmark(RankerData data) {
    this.data = data;
  }

  /** Runs what the first argument names. */
  public static void main(String[] args) throws Exception {
    System.out.println(Processor.name());
    RankerBenchmark benchmark = new RankerBenchmark(RankerData.in(Path.of(args[1])));
    switch (args[0]) {
      case "latency" -> benchmark.latency();
      case "ratio" -> benchmark.ratio();
      case "threads" -> benchmark.threads();
      case "memory" -> benchmark.memory(Integer.parseInt(args[2]));
      default -> throw new IllegalArgumentException("no comparison " + args[0]);
    }
  }

  private Path enhanced() {
    return data.compiled("enhanced");
  }

  private static Ranker open(Path bundle, boolean keepsWeights) {
    RankerSettings standard = RankerSettings.STANDARD;
    return Ranker.open(
        bundle,
        new RankerSettings(keepsWeights ? standard.weightBytes() : 0, standard.itemBytes()),
        ConfigLoader.standard(PluginRegistry.load()));
  }

  private List<RankRequest> requests(int count) {
    List<RankRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(data.request(i % HOT_USERS * 97, ITEMS));
    }
    return requests;
  }

  private void latency() throws InterruptedException {
    OwnProcessor.bind(0);
    List<RankRequest> requests = requests(REQUESTS);
    for (boolean keeps : List.of(false, true)) {
      try (Ranker ranker = open(enhanced(), keeps)) {
        warm(ranker, requests);
        IdlePauses pauses = new IdlePauses();
        Histogram latencies = OpenLoop.run(RATE, REQUESTS, i -> ranker.rank(requests.get(i)));
        double pause = pauses.percentile(99.9);
        System.out.printf(
            "%s: p50 %.2f, p95 %.2f, p99 %.2f, p99.9 %.2f ms at %.0f requests/s; %.0f requests/s at most; CPU %.2f ms, %,d bytes of garbage a request%n",
            keeps ? "weights kept" : "weights made anew",
            millis(latencies, 50),
            millis(latencies, 95),
            millis(latencies, 99),
            millis(latencies, 99.9),
            RATE,
            most(ranker, requests),
            cpu(ranker, requests),
            garbage(ranker, requests));
        System.out.printf("an idle thread: p99.9 %.2f ms%n", pause);
        if (pause > MOST_PAUSE) {
          System.out.println("DISCARD this run: the machine was not quiet.");
        }
      }
    }
  }

  private static void warm(Ranker ranker, List<RankRequest> requests) {
    for (int turn = 0; turn < 2; turn++) {
      requests.forEach(ranker::rank);
    }
  }

  private static double millis(Histogram latencies, double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e6;
  }

  private static double most(Ranker ranker, List<RankRequest> requests) {
    long start = System.nanoTime();
    requests.forEach(ranker::rank);
    return requests.size() * 1e9 / (System.nanoTime() - start);
  }

  private static double cpu(Ranker ranker, List<RankRequest> requests) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    requests.forEach(ranker::rank);
    return (threads.getCurrentThreadCpuTime() - start) / 1e6 / requests.size();
  }

  private static long garbage(Ranker ranker, List<RankRequest> requests) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadAllocatedBytes();
    requests.forEach(ranker::rank);
    return (threads.getCurrentThreadAllocatedBytes() - start) / requests.size();
  }

  private void ratio() {
    List<RankRequest> requests = requests(HOT_USERS);
    try (Ranker plain = open(data.compiled("plain", "model.fusion=none"), true);
        Ranker kept = open(enhanced(), true);
        Ranker fresh = open(enhanced(), false)) {
      for (int round = 0; round < ROUNDS; round++) {
        double base = cpu(plain, requests);
        System.out.printf(
            "plain %.2f ms; enhanced, weights kept %.2f, made anew %.2f%n",
            base, cpu(kept, requests) / base, cpu(fresh, requests) / base);
      }
    }
  }

  private void threads() throws Exception {
    List<RankRequest> requests = requests(HOT_USERS);
    try (Ranker ranker = open(enhanced(), false);
        ProductsOfRows products = new ProductsOfRows(ITEMS)) {
      warm(ranker, requests);
      for (int round = 0; round < ROUNDS; round++) {
        double alone = factor(i -> products.compute());
        double ranking = factor(i -> ranker.rank(requests.get(i % requests.size())));
        System.out.printf(
            "two threads: products alone %.2f times one, ranking %.2f times, %.2f of it%n",
            alone, ranking, ranking / alone);
      }
    }
  }

  /** Returns how much more two threads do than one. */
  private static double factor(IntConsumer work) throws Exception {
    return rate(2, work) / rate(1, work);
  }

  private static double rate(int threads, IntConsumer work) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      long end = System.nanoTime() + SECONDS_EACH;
      List<Callable<Integer>> loops = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        loops.add(
            () -> {
              int done = 0;
              while (System.nanoTime() < end) {
                work.accept(done++);
              }
              return done;
            });
      }
      int all = 0;
      for (Future<Integer> loop : pool.invokeAll(loops)) {
        all += loop.get();
      }
      return all;
    } finally {
      pool.shutdown();
    }
  }

  private void memory(int minutes) throws IOException {
    try (Ranker ranker = open(enhanced(), true)) {
      for (int minute = 0; minute <= minutes; minute++) {
        System.out.printf("minute %d: %s%n", minute, resident());
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        for (int i = 0; System.nanoTime() < end && minute < minutes; i++) {
          ranker.rank(data.request((i * 31 + minute) % RankerData.USERS, ITEMS));
        }
      }
    }
  }

  private static String resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .findFirst()
        .orElse("unknown");
  }
}
