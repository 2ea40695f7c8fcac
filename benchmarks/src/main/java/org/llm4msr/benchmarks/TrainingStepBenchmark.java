package org.llm4msr.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * Times training steps of two or more contenders in one run: batches of 4096 rows, 12 fields of 16,
 * MMoE with 4 experts 128-64 and one tower per scenario, 3 scenarios and 100,000 rows of tables
 * unless the comparison is about them.
 *
 * <pre>
 * size                          tables of 4,000,000 rows against 100,000
 * scenarios [NAME KEY=VALUE...] 64 scenarios against 2, drawn by Zipf's law; NAME: a backbone,
 *                               with its defaults but for these settings; without NAME also the
 *                               products of 64 scenarios of as many rows alone
 * enhanced USERS K HIDDEN FIELDS [RANK]
 *                               the hierarchical head against none; layers W -> 64 -> W; without
 *                               RANK also its products alone; with HIDDEN 0, the published form,
 *                               those of its maps and the numbers that Adam moves
 * head NAME [KEY=VALUE...]      a head that reads no knowledge against none
 * dense ROWS                    exact dense Adam against lazy
 * products                      a step, and its products with tables and copies, against its
 *                               matrix products alone
 * history ITEMS                 similarities to 50 positives, and to 50 negatives as well, each of
 *                               64 numbers, alone against a step: ahead and user by user, batch by
 *                               batch, and kept; then what bounds a batch: 100 items, which are
 *                               always near, and only reads
 * sequence POOLING              a sequence of 50 events a row against none, beside TARGET_ATTENTION
 *                               also MEAN; with -Dpast=drawn, of 0 to 50 events, 25 on average
 * labels COUNT                  so many further labels, with a tower a scenario each, against none
 * precision                     bfloat16 against float32: 37 fields, experts 256-128
 * djl ROWS                      DJL's embedding and Adam against ours
 * torch PYTHON ROWS             a program of PyTorch against ours, as it is and with the library
 *                               that ours loads on AMD's processors; PYTHON has torch and numpy
 * </pre>
 *
 * <p>{@code benchmarks/run TrainingStepBenchmark ...} starts it. {@code -Dengine}, {@code
 * -Dthreads}, {@code -Dbatch}, {@code -Drounds} and {@code -Dsteps} in {@code LLM4MSR_JAVA_OPTS}
 * change the engine (PyTorch), its threads (2), the rows of a batch (4096), and the length (12
 * rounds of 40 steps); {@code -Dprecision=BFLOAT16} the products of the enhanced contender, {@code
 * -Dlayer} the width of its layers (64); {@code -Dhidden} that of the layer of attention (16).
 */
public final class TrainingStepBenchmark {

  private static final int FIELDS = 12;
  private static final int WIDE_FIELDS = 37;
  private static final int ROWS = 100_000;
  private static final int MANY_ROWS = 4_000_000;
  private static final int USERS = 100_000;
  private static final int NEAR_ITEMS = 100;
  private static final int SCENARIOS = 3;
  private static final int MANY_SCENARIOS = 64;
  private static final int BATCHES = 64;
  private static final int HIDDEN = Integer.getInteger("hidden", 16);
  private static final int THREADS = Integer.getInteger("threads", 2);

  private final TensorEngine engine;
  private final List<Contender> contenders = new ArrayList<>();

  private TrainingStepBenchmark(TensorEngine engine) {
    this.engine = engine;
  }

  /** Runs what the first argument names. */
  public static void main(String[] args) {
    String name = System.getProperty("engine", "PyTorch");
    try (TensorEngine engine =
        TensorEngine.open(new RuntimeConfig(name, "cpu", THREADS, "1GB", 0, false))) {
      new TrainingStepBenchmark(engine).run(args);
    }
  }

  private void run(String[] args) {
    try {
      switch (args[0]) {
        case "size" -> size();
        case "scenarios" -> scenarios(List.of(args).subList(1, args.length));
        case "enhanced" ->
            enhanced(
                number(args[1]),
                number(args[2]),
                number(args[3]),
                number(args[4]),
                args.length > 5 ? number(args[5]) : 0);
        case "head" -> head(args[1], List.of(args).subList(2, args.length));
        case "dense" -> dense(number(args[1]));
        case "products" -> products();
        case "history" -> history(number(args[1]));
        case "sequence" -> sequence(Pooling.valueOf(args[1]));
        case "labels" -> labels(number(args[1]));
        case "precision" -> precision();
        case "djl" -> djl(number(args[1]));
        case "torch" -> torch(Path.of(args[1]), number(args[2]));
        default -> throw new IllegalArgumentException(args[0]);
      }
      requireEqualModels(args[0]);
      Contest.run(contenders);
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private void size() {
    ours("%,d rows".formatted(ROWS), Setup.plain(data(ROWS, SCENARIOS)));
    ours("%,d rows".formatted(MANY_ROWS), Setup.plain(data(MANY_ROWS, SCENARIOS)));
  }

  private void scenarios(List<String> backbone) {
    for (int scenarios : new int[] {2, MANY_SCENARIOS}) {
      RandomData data = data(ROWS, scenarios);
      Setup setup =
          backbone.isEmpty()
              ? Setup.plain(data)
              : Setup.plain(
                  data, Setup.backbone(backbone.get(0), backbone.subList(1, backbone.size())));
      ours(scenarios + " scenarios", setup);
    }
    if (backbone.isEmpty()) {
      List<Batch> batches = data(ROWS, MANY_SCENARIOS).batches(BATCHES);
      contenders.add(
          engine.call(
              () -> new ProductsAlone(engine, FIELDS * Setup.DIMENSION, MANY_SCENARIOS, batches)));
    }
  }

  private void enhanced(int users, int dimension, int hidden, int fields, int rank) {
    RandomData data = new RandomData(fields, ROWS / fields, users, SCENARIOS);
    ours("plain", Setup.plain(data));
    ours("enhanced", Setup.enhanced(data, new Setup.Knowledge(dimension, hidden, rank)));
    int width = fields * Setup.DIMENSION;
    if (rank == 0 && hidden == 0) {
      contenders.add(
          new MapsAlone(
              engine,
              THREADS,
              Setup.PRECISION,
              width,
              users,
              SCENARIOS,
              dimension,
              data.batches(BATCHES)));
    } else if (rank == 0) {
      contenders.add(
          engine.call(
              () -> {
                ProductsAlone products =
                    new ProductsAlone(engine, width, SCENARIOS, data.batches(BATCHES));
                products.addEnhancement(width, users, SCENARIOS, dimension, hidden);
                return products;
              }));
    }
  }

  private void head(String name, List<String> settings) {
    RandomData data = data(ROWS, SCENARIOS);
    ours("none", Setup.plain(data));
    ours(name, Setup.headed(data, Setup.head(name, settings)));
  }

  private void dense(int rows) {
    RandomData data = data(rows, SCENARIOS);
    ours("lazy Adam", Setup.plain(data));
    ours("dense Adam", Setup.dense(data));
  }

  private void products() {
    Setup setup = Setup.plain(data(ROWS, SCENARIOS));
    List<Batch> batches = setup.data().batches(BATCHES);
    ProductsAlone products =
        engine.call(() -> new ProductsAlone(engine, FIELDS * Setup.DIMENSION, SCENARIOS, batches));
    contenders.add(products);
    contenders.add(
        engine.call(() -> new TablesAndCopies(engine, setup, THREADS, products, batches)));
    contenders.add(new OurStep("a step", engine, setup, batches));
  }

  private void history(int items) {
    Setup setup = Setup.plain(data(ROWS, SCENARIOS));
    List<Batch> batches = setup.data().batches(BATCHES);
    contenders.add(new OurStep("a step", engine, setup, batches));
    for (boolean negatives : new boolean[] {false, true}) {
      contenders.add(HistoryAlone.ahead(setup, THREADS, items, negatives, batches));
      contenders.add(HistoryAlone.byBatch(setup, THREADS, items, negatives, batches));
    }
    contenders.add(HistoryAlone.kept(setup, THREADS, items, batches));
    contenders.add(HistoryAlone.byBatch(setup, THREADS, NEAR_ITEMS, true, batches));
    contenders.add(new VectorReads(THREADS, items, 2 * HistoryAlone.LENGTH, batches));
  }

  private void sequence(Pooling pooling) {
    RandomData data = data(ROWS, SCENARIOS);
    ours("none", Setup.plain(data));
    ours(pooling.name(), Setup.sequence(data, sequenceConfig(pooling)));
    if (pooling == Pooling.TARGET_ATTENTION) {
      ours(Pooling.MEAN.name(), Setup.sequence(data, sequenceConfig(Pooling.MEAN)));
    }
  }

  private static SequenceConfig sequenceConfig(Pooling pooling) {
    return new SequenceConfig(
        null,
        null,
        SequenceLog.LENGTH,
        SequenceConfig.Events.POSITIVES,
        HistoryConfig.Until.TRAINING,
        SequenceConfig.Newest.LAST,
        pooling,
        List.of(HIDDEN),
        Activation.LEAKY_RELU,
        false);
  }

  private void labels(int count) {
    ours("none", Setup.plain(data(ROWS, SCENARIOS)));
    List<String> names = IntStream.range(0, count).mapToObj(i -> "label" + i).toList();
    RandomData data = new RandomData(FIELDS, ROWS / FIELDS, USERS, SCENARIOS, names);
    ours(count + " further", Setup.plain(data));
  }

  private void precision() {
    RandomData data = new RandomData(WIDE_FIELDS, ROWS / WIDE_FIELDS, USERS, SCENARIOS);
    for (Precision precision : Precision.values()) {
      ours(precision.name(), Setup.wide(data, precision));
    }
  }

  private void djl(int rows) {
    Setup setup = Setup.plain(data(rows, SCENARIOS));
    List<Batch> batches = setup.data().batches(BATCHES);
    OurStep ours = new OurStep("ours", engine, setup, batches);
    contenders.add(ours);
    contenders.add(engine.call(() -> new DjlStep(engine, setup, ours.shape(), batches)));
  }

  private void torch(Path python, int rows) {
    Setup setup = Setup.plain(data(rows, SCENARIOS));
    List<Batch> batches = setup.data().batches(BATCHES);
    contenders.add(new OurStep("ours", engine, setup, batches));
    for (boolean fullProducts : new boolean[] {false, true}) {
      for (String optimizer : List.of("dense", "sparse")) {
        contenders.add(
            new TorchPeer(python, optimizer, fullProducts, THREADS, setup.data(), batches));
      }
    }
  }

  private static RandomData data(int rows, int scenarios) {
    return new RandomData(FIELDS, rows / FIELDS, USERS, scenarios);
  }

  private void ours(String name, Setup setup) {
    contenders.add(new OurStep(name, engine, setup, setup.data().batches(BATCHES)));
  }

  private void requireEqualModels(String comparison) {
    long distinct = contenders.stream().mapToLong(Contender::denseParameters).distinct().count();
    if (distinct > 1 && List.of("djl", "torch", "products").contains(comparison)) {
      throw new IllegalStateException(
          "The models differ: dense parameters "
              + contenders.stream().map(c -> c.name() + " " + c.denseParameters()).toList());
    }
  }

  private static int number(String text) {
    return Integer.parseInt(text);
  }
}
