package org.llm4msr.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.knowledge.extraction.Chosen;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeExtractor;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/**
 * Fills a knowledge store of random vectors as {@code knowledge extract} does, opens it, looks up
 * keys, and prints time and heap of each.
 *
 * <p>{@code LLM4MSR_JAVA_OPTS=-Xmx256m benchmarks/run KnowledgeStoreBenchmark USERS K FOLDER}; the
 * store in FOLDER is deleted at the end.
 */
public final class KnowledgeStoreBenchmark {

  private static final int LOOK_UPS = 100_000;
  private static final double MEGABYTE = 1e6;
  private static final double SECOND = 1e9;

  private final long users;
  private final int dimension;
  private final Path folder;

  private KnowledgeStoreBenchmark(long users, int dimension, Path folder) {
    this.users = users;
    this.dimension = dimension;
    this.folder = folder;
  }

  /** Runs with the number of users, K and a folder. */
  public static void main(String[] args) throws IOException {
    Path store = Path.of(args[2]).resolve("knowledge-benchmark");
    try {
      new KnowledgeStoreBenchmark(Long.parseLong(args[0]), Integer.parseInt(args[1]), store).run();
    } finally {
      if (Files.exists(store)) {
        try (Stream<Path> files = Files.walk(store)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  private void run() throws IOException {
    report("begin", 0, System.nanoTime());

    long start = System.nanoTime();
    extract();
    report("fill", users, start);

    open();

    start = System.nanoTime();
    extract();
    report("fill again, all there", users, start);
  }

  private void open() throws IOException {
    long start = System.nanoTime();
    KnowledgeStore store = KnowledgeStore.open(folder);
    report("open", users, start);

    start = System.nanoTime();
    lookUp(store);
    report("look up", LOOK_UPS, start);
  }

  private void extract() {
    Users log = new Users(users);
    new KnowledgeExtractor(
            log,
            "benchmark",
            log,
            new RandomEncoder(dimension),
            new KnowledgeExtractor.Settings(
                1, Chosen.ALL, false, false, Precision.FLOAT16, List.of(), Map.of()),
            Duration.ofSeconds(20))
        .extract(folder, false, Progress.NONE);
  }

  /** Compares vectors of random users with those that were encoded. */
  private void lookUp(KnowledgeStore store) {
    SplittableRandom random = new SplittableRandom(7);
    float[] found = new float[dimension];
    for (int i = 0; i < LOOK_UPS; i++) {
      String user = Users.key(random.nextLong(users));
      if (!store.users().read(user, found)
          || Math.abs(found[0] - RandomEncoder.vector(user, dimension)[0]) > 1e-2) {
        throw new IllegalStateException("the store has another vector of " + user);
      }
    }
  }

  @SuppressWarnings("SystemOut") // Printing is the purpose of a benchmark.
  private void report(String operation, long count, long start) throws IOException {
    double seconds = (System.nanoTime() - start) / SECOND;
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    System.out.printf(
        Locale.ROOT,
        "%-22s %,10d keys in %7.1f s, %,9.0f/s; heap %,6.0f MB live of at most %,.0f, store %,8.0f"
            + " MB%n",
        operation,
        count,
        seconds,
        count / seconds,
        heap / MEGABYTE,
        Runtime.getRuntime().maxMemory() / MEGABYTE,
        size() / MEGABYTE);
  }

  private long size() throws IOException {
    if (!Files.exists(folder)) {
      return 0;
    }
    long bytes = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  /** A log of users with one item each, and a builder of prompts that hold only the key. */
  private record Users(long users) implements TrainingLog, ScenarioPromptBuilder {

    static String key(long number) {
      return "user-" + number;
    }

    @Override
    public List<ScenarioStatistics> scenarioStatistics() {
      return List.of();
    }

    @Override
    public void forEachUser(Consumer<UserHistory> visitor) {
      List<UserHistory.Event> events = List.of(new UserHistory.Event("feed", "item", "text"));
      LongStream.range(0, users)
          .forEach(number -> visitor.accept(new UserHistory(key(number), "", events)));
    }

    @Override
    public void forEachItem(Consumer<ItemText> visitor) {}

    @Override
    public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
      return List.of();
    }

    @Override
    public Prompt userPrompt(UserHistory history) {
      return new Prompt(history.user(), history.user(), List.of(), "", "");
    }

    @Override
    public String template() {
      return "key";
    }
  }

  /** Uniform numbers derived from the text; cheap, so that the time is that of the store. */
  private record RandomEncoder(int dimension) implements KnowledgeEncoder {

    static float[] vector(String text, int dimension) {
      float[] vector = new float[dimension];
      int state = text.hashCode();
      for (int k = 0; k < dimension; k++) {
        state = state * 0x915F77F5 + 0x3C6EF372;
        vector[k] = state * 0x1p-31f;
      }
      return vector;
    }

    @Override
    public EncoderInfo info() {
      return new EncoderInfo("random", "1", "0".repeat(64), "random", dimension, 1, true);
    }

    @Override
    public int countTokens(String text) {
      return 1;
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      return texts.stream().map(text -> new Knowledge(vector(text, dimension), null)).toList();
    }

    @Override
    public void close() {}
  }
}
