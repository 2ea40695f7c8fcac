package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * A reader, an encoder and a backbone of plugin folders, which executors of Spark have as copies.
 */
@Tag("cluster")
class SparkPluginsTest {

  private static final int ROWS = 500;

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: mind-example
        path: raw
        split: {by: time, ratio: [4, 1, 1]}
      knowledge:
        encoder: {name: placed}
      model:
        embeddingSize: 4
        backbone: {name: factorization-machine}
        fusion: {name: concat, width: 4}
      training: {epochs: 1, batchSize: 256}
      runtime: {threads: 1}
      """;

  private static final String SCALE =
      "toolkit/model/src/main/java/org/llm4msr/toolkit/model/Scale.java";

  @TempDir static Path folder;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void write() throws IOException {
    writeNews(Files.createDirectories(folder.resolve("raw")));
    Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT);
    PlacedEncoder.install(folder.resolve("mine"));
    installExample("reader-mind");
    installExample("backbone-fm", SCALE);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  private static void writeNews(Path raw) throws IOException {
    Random random = new Random(3);
    List<String> news = new ArrayList<>();
    for (int n = 0; n < 150; n++) {
      String category = List.of("sports", "news", "finance").get(n % 3);
      news.add("N%d\t%s\ts%d\ttitle %d\t\t\t[]\t[]".formatted(n, category, n % 7, n));
    }
    Files.write(raw.resolve("news.tsv"), news);
    List<String> behaviors = new ArrayList<>();
    for (int b = 0; b < 800; b++) {
      List<String> shown = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int item = random.nextInt(150);
        shown.add("N%d-%d".formatted(item, random.nextInt(3) < item % 3 ? 1 : 0));
      }
      behaviors.add(
          "%d\tU%d\t11/%d/2019 %d:%02d:07 AM\tN%d N%d\t%s"
              .formatted(
                  b,
                  random.nextInt(100),
                  1 + b / 30,
                  1 + b % 11,
                  b % 60,
                  random.nextInt(150),
                  random.nextInt(150),
                  String.join(" ", shown)));
    }
    Files.write(raw.resolve("behaviors.tsv"), behaviors);
  }

  /** Compiles an example; plugins bring what they use of the toolkit. */
  private static void installExample(String name, String... toolkit) throws IOException {
    Path root = Path.of(System.getProperty("llm4msr.root"));
    List<Path> sources = new ArrayList<>();
    for (String part : toolkit) {
      sources.add(root.resolve(part));
    }
    try (Stream<Path> files = Files.walk(root.resolve("examples").resolve(name + "/src/main"))) {
      files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
    }
    PluginSource.install(
        Files.createDirectories(folder.resolve("examples").resolve(name)), name, sources);
  }

  /** Every folder in which a plugin was installed. */
  private static List<Path> plugins() {
    return Stream.of("mine", "examples/reader-mind", "examples/backbone-fm")
        .map(name -> folder.resolve(name).resolve("plugins"))
        .toList();
  }

  @Test
  void executorsDoWithCopiesOfPluginsWhatOneMachineDoes() throws Exception {
    Path staging = Files.createDirectory(folder.resolve("staging"));
    Path rows = writeRows();
    Path scores = folder.resolve("scores");
    run("prepare", "--staging=" + staging, "--part-rows=700");
    run("extract");
    run("train", "--run=first", "--workers=2");
    run("score", "--run=first", "--in=" + rows, "--out=" + scores, "--keep=n");

    Experiment alone = open("alone");
    alone.prepare(false, Progress.NONE);
    alone.extract(false, Progress.NONE);
    open("spark").train("alone", Progress.NONE); // The order of rows is that of the parts.
    Path spark = folder.resolve("spark");
    Path one = folder.resolve("alone");
    PreparedParts.assertSame(spark.resolve("prepared"), one.resolve("prepared"));
    assertThat(
            PlacedEncoder.answers(
                KnowledgeStore.open(spark.resolve("knowledge")),
                KnowledgeStore.open(one.resolve("knowledge"))))
        .allMatch(places -> places.contains("/llm4msr-plugins-0/Placed/Placed.jar "))
        .noneMatch(places -> places.contains(folder.resolve("mine").toString()));
    SameResults.assertSameLosses(spark.resolve("runs/first"), spark.resolve("runs/alone"));
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load(plugins()));
    assertThat(ScoredFiles.read(scores))
        .hasSize(ROWS)
        .isEqualTo(ScoredFiles.score(spark.resolve("runs/first/bundle"), rows, loader, null));
  }

  private static void run(String job, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("spark", job, "experiment.yaml"));
    arguments.addAll(List.of("--master=local-cluster[2,1,1024]", "-Dworkspace=spark"));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.add("--conf=spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s");
    plugins().forEach(place -> arguments.add("--plugins=" + place));
    arguments.addAll(List.of(more));
    Cli.Outcome outcome = cli.start(environment, arguments.toArray(String[]::new)).await();
    assertThat(outcome.code()).as(job + ": " + outcome.err()).isZero();
  }

  private static Experiment open(String workspace) {
    return Guice.createInjector(new RuntimeModule(PluginRegistry.load(plugins())))
        .getInstance(Experiments.class)
        .open(folder.resolve("experiment.yaml"), List.of("workspace=" + workspace));
  }

  /** Writes rows of known and unknown users and items. */
  private static Path writeRows() throws IOException {
    List<String> lines = new ArrayList<>(List.of("n,user,item,scenario,hour,history"));
    List<String> news = Files.readAllLines(folder.resolve("raw/news.tsv"));
    for (int n = 0; n < ROWS; n++) {
      String[] cells = news.get(n % news.size()).split("\t", -1);
      lines.add("%d,U%d,%s,%s,%d,%s".formatted(n, n % 120, cells[0], cells[1], n % 24, cells[0]));
    }
    return Files.write(folder.resolve("rows.csv"), lines);
  }
}
