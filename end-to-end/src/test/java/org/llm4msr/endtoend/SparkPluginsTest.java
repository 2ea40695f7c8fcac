package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.inject.Guice;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * A reader, an encoder and a backbone of plugin folders, which executors of Spark have as copies.
 */
@Tag("slow")
class SparkPluginsTest {

  private static final String MASTER = "local-cluster[2,1,1024]";

  /** The text of an answer is the place of the plugin's code. */
  private static final String ENCODER =
      """
      import java.util.List;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.knowledge.*;

      @Plugin(name = "placed", description = "Says where its code lies")
      public final class Placed implements KnowledgeEncoderFactory<Placed.None> {
        public record None() {}
        public Class<None> configType() { return None.class; }
        public KnowledgeEncoder create(None config, EncoderContext context) {
          return new KnowledgeEncoder() {
            public EncoderInfo info() {
              return new EncoderInfo("placed", "1", "0f".repeat(32), "sums", 3, 100_000, false);
            }
            public int countTokens(String text) { return text.length(); }
            public List<Knowledge> encode(List<String> texts) {
              return texts.stream().map(text -> answer(text)).toList();
            }
            private Knowledge answer(String text) {
              float[] sums = {text.length() % 101, text.hashCode() % 1009, text.hashCode() % 31};
              return new Knowledge(
                  sums, Placed.class.getProtectionDomain().getCodeSource().getLocation().toString());
            }
            public void close() {}
          };
        }
      }
      """;

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
    PluginSource.install(Files.createDirectories(folder.resolve("mine")), "Placed", ENCODER);
    installExample("reader-mind");
    installExample("backbone-fm", SCALE);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/spark"));
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
    List<String> options = new ArrayList<>();
    plugins().forEach(place -> options.add("--plugins=" + place));

    List<String> origins = runAll("spark", options);

    assertThat(origins)
        .isNotEmpty()
        .allMatch(place -> place.endsWith("/llm4msr-plugins-0/Placed/Placed.jar"))
        .noneMatch(place -> place.contains(folder.toString()));
  }

  /** The archive has what a checkout that was built has: its class path, and plugins. */
  @Test
  void executorsTakeRuntimeAndPluginsFromAnArchive() throws Exception {
    Path archive = folder.resolve("llm4msr.zip");
    try (OutputStream out = Files.newOutputStream(archive);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      Path classPath = folder.resolve("checkout/dist/target/classpath.txt");
      add(zip, "llm4msr-1/dist/target/classpath.txt", classPath);
      for (Path place : plugins()) {
        try (Stream<Path> files = Files.walk(place)) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            add(zip, "llm4msr-1/plugins/" + place.relativize(file), file);
          }
        }
      }
    }
    // The driver runs from the launcher's folder.
    Path here = Files.createDirectories(folder.resolve("checkout/plugins"));
    for (Path place : plugins()) {
      try (Stream<Path> all = Files.list(place)) {
        for (Path plugin : all.toList()) {
          Files.createSymbolicLink(here.resolve(plugin.getFileName()), plugin);
        }
      }
    }

    List<String> origins = runAll("archive", List.of("-Dspark.archive=" + archive));

    assertThat(origins)
        .isNotEmpty()
        .allMatch(place -> place.endsWith("/llm4msr/llm4msr-1/plugins/Placed/Placed.jar"));
  }

  private static void add(ZipOutputStream zip, String name, Path file) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    Files.copy(file, zip);
    zip.closeEntry();
  }

  /**
   * Prepares, extracts, trains and scores on executors and here, and requires equal results.
   *
   * @return where the encoder's code lay
   */
  private static List<String> runAll(String workspace, List<String> options) throws Exception {
    Path staging = Files.createDirectory(folder.resolve(workspace + "-staging"));
    run(workspace, options, "prepare", "--staging=" + staging, "--part-rows=700");
    run(workspace, options, "extract");
    run(workspace, options, "train", "--run=first", "--workers=2");
    Path rows = writeRows();
    Path scores = folder.resolve(workspace + "-scores");
    run(workspace, options, "score", "--run=first", "--in=" + rows, "--out=" + scores, "--keep=n");

    Experiment alone = here(workspace + "-alone");
    alone.prepare(false, Progress.NONE);
    alone.extract(false, Progress.NONE);
    alone.train("first", Progress.NONE);
    Path spark = folder.resolve(workspace);
    Path one = folder.resolve(workspace + "-alone");
    PreparedParts.assertSame(spark.resolve("prepared"), one.resolve("prepared"));
    SameResults.assertSameLosses(spark.resolve("runs/first"), one.resolve("runs/first"));
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load(plugins()));
    assertThat(ScoredFiles.read(scores))
        .isEqualTo(ScoredFiles.score(spark.resolve("runs/first/bundle"), rows, loader, null));
    return origins(
        KnowledgeStore.open(spark.resolve("knowledge")),
        KnowledgeStore.open(one.resolve("knowledge")));
  }

  private static void run(String workspace, List<String> options, String job, String... more)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of("spark", job, "experiment.yaml"));
    arguments.addAll(List.of("--master=" + MASTER, "-Dworkspace=" + workspace));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.add("--conf=spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s");
    arguments.addAll(options);
    arguments.addAll(List.of(more));
    Cli.Outcome outcome = cli.start(environment, arguments.toArray(String[]::new)).await();
    assertThat(outcome.code()).as(job + ": " + outcome.err()).isZero();
  }

  private static Experiment here(String workspace) {
    return Guice.createInjector(new RuntimeModule(PluginRegistry.load(plugins())))
        .getInstance(Experiments.class)
        .open(folder.resolve("experiment.yaml"), List.of("workspace=" + workspace));
  }

  /** Compares vectors; returns the texts of those that executors made. */
  private static List<String> origins(KnowledgeStore found, KnowledgeStore expected) {
    List<String> texts = new ArrayList<>();
    for (Level level : List.of(Level.USER, Level.SCENARIO)) {
      StoredLevel ours = found.level(level);
      StoredLevel theirs = expected.level(level);
      assertThat(ours.size()).isEqualTo(theirs.size()).isPositive();
      float[] vector = new float[3];
      float[] wanted = new float[3];
      for (int number = 0; number < theirs.size(); number++) {
        theirs.read(number, wanted);
        assertThat(ours.read(theirs.key(number), vector)).isTrue();
        assertThat(vector).as(theirs.key(number)).isEqualTo(wanted);
        texts.add(ours.text(number));
      }
    }
    return texts;
  }

  /** Writes rows of known and unknown users and items. */
  private static Path writeRows() throws IOException {
    List<String> lines = new ArrayList<>(List.of("n,user,item,scenario,hour,history"));
    List<String> news = Files.readAllLines(folder.resolve("raw/news.tsv"));
    for (int n = 0; n < 500; n++) {
      String[] cells = news.get(n % news.size()).split("\t", -1);
      lines.add("%d,U%d,%s,%s,%d,%s".formatted(n, n % 120, cells[0], cells[1], n % 24, cells[0]));
    }
    return Files.write(folder.resolve("rows.csv"), lines);
  }
}
