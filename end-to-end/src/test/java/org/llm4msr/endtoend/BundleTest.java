package org.llm4msr.endtoend;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** A trained model outside of the trainer: scores, damage, threads, jobs that were stopped. */
class BundleTest {

  @TempDir static Path folder;
  static Path bundle;
  static float[] evaluated;
  static List<String> testRows;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
    evaluated = floats(predictions, "probability");
    testRows = shop.rows().subList(2500, 3000);
  }

  @Test
  void predictionsNameTheRawIdsOfTheirRows() throws IOException {
    List<String> columns = List.of("user_key", "item_key", "scenario_key");
    for (int column = 0; column < columns.size(); column++) {
      int cell = column;
      assertThat(texts(folder.resolve("predictions.arrow"), columns.get(column)))
          .isEqualTo(testRows.stream().map(row -> row.split(",", -1)[cell]).toList());
    }
  }

  static List<String> texts(Path file, String column) throws IOException {
    List<String> texts = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        FieldVector values = reader.getVectorSchemaRoot().getVector(column);
        for (int i = 0; i < values.getValueCount(); i++) {
          texts.add(String.valueOf(values.getObject(i)));
        }
      }
    }
    return texts;
  }

  @Test
  void scoresOfRawRowsAreThoseOfEvaluation() throws IOException {
    assertThat(evaluated).hasSize(500);
    Path rows = csv("rows.csv", testRows);
    try (Scorer scorer = Scorer.load(bundle)) {
      Path out = folder.resolve("scores.arrow");
      ScoringReport report = scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      assertThat(report.rows()).isEqualTo(500);
      assertSame(floats(out, "score"));
      assertThat(folder.resolve("scores.arrow.parts")).doesNotExist();

      Path parquet = folder.resolve("scores.parquet");
      scorer.score(new ScoringRequest(rows, parquet), Progress.NONE);
      Path asCsv = folder.resolve("scores.csv");
      scorer.score(new ScoringRequest(rows, asCsv), Progress.NONE);
      assertThat(Files.readAllLines(asCsv))
          .hasSize(501)
          .startsWith("row,user,item,scenario,score")
          .element(1)
          .asString()
          .startsWith("0," + first(testRows.get(0), 3) + ",");
      assertThatThrownBy(() -> scorer.score(new ScoringRequest(rows, out), Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("[score/EXISTS]");
    }
  }

  @Test
  void knowledgeIsReducedAsItWasInTraining() throws IOException {
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), "knowledge.components=5");
    Path reduced = experiment.train("reduced", Progress.NONE).bundle();
    Path predictions = folder.resolve("reduced-predictions.arrow");
    experiment.evaluate("reduced", Split.TEST, predictions, Progress.NONE);
    Path out = folder.resolve("reduced.arrow");
    try (Scorer scorer = Scorer.load(reduced)) {
      score(scorer, csv("reduced.csv", testRows), "reduced.arrow");
    }

    float[] expected = floats(predictions, "probability");
    assertThat(floats(out, "score")).containsExactly(expected, within(1e-6f));
    assertThat(expected).isNotEqualTo(evaluated);
  }

  /** A scorer reads the vectors of the control as knowledge. */
  @ParameterizedTest
  @ValueSource(strings = {"shuffled", "constant", "{user: random}"})
  void aControlIsScoredAsItWasEvaluated(String control) throws IOException {
    String name = "control-" + control.replaceAll("\\W+", "-");
    Experiment plain = Experiment.fromYaml(folder.resolve("experiment.yaml"));
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), "knowledge.control=" + control);
    Path controlled = experiment.train(name, Progress.NONE).bundle();
    Path predictions = folder.resolve(name + "-predictions.arrow");
    plain.evaluate(name, Split.TEST, predictions, Progress.NONE);
    try (Scorer scorer = Scorer.load(controlled)) {
      score(scorer, csv(name + ".csv", testRows), name + ".arrow");
    }

    float[] expected = floats(predictions, "probability");
    assertThat(floats(folder.resolve(name + ".arrow"), "score"))
        .containsExactly(expected, within(1e-6f));
    assertThat(expected).isNotEqualTo(evaluated);
    assertThat(controlled.resolve("knowledge")).isDirectoryNotContaining("glob:**.lock");
  }

  @Test
  void anotherControlIsAnotherModel() {
    Path file = folder.resolve("experiment.yaml");
    Experiment plain = Experiment.fromYaml(file);
    Experiment shuffled = Experiment.fromYaml(file, "knowledge.control={user: shuffled}");
    Path from = shuffled.train("shuffled", Progress.NONE).bundle();

    assertThat(shuffled.identity()).isNotEqualTo(plain.identity());
    assertThatThrownBy(() -> plain.train("shuffled", Progress.NONE))
        .hasMessageContaining("[training/OTHER_RUN]")
        .hasMessageContaining("knowledge.control.user was shuffled and is now not set");
    assertThatThrownBy(
            () -> plain.train("continued", new TrainingOptions(null, from), Progress.NONE))
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining(
            "knowledge.control was {user=shuffled, scenario=off, item=off} and is now off");
    assertThatThrownBy(
            () -> shuffled.train("continued", new TrainingOptions(null, from), Progress.NONE))
        .hasMessageContaining("[bundle/CONTROL]")
        .hasMessageContaining("Train without --from.");
  }

  @Test
  void whereAModelWasTrainedDoesNotDecideWhereItScores() {
    Experiment experiment =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"), "runtime.device=cpu", "runtime.threads=1");
    Bundle elsewhere = Bundle.open(experiment.train("elsewhere", Progress.NONE).bundle());

    RuntimeConfig scoring =
        BundleModel.config(elsewhere, List.of(), ConfigLoader.standard(PluginRegistry.load()))
            .runtime();

    assertThat(scoring.engine()).isEqualTo("PyTorch");
    assertThat(scoring.device()).isEqualTo("auto");
    assertThat(scoring.threads()).isZero();
  }

  @Test
  void scoresOfParquetAndArrowRowsAreTheSame() throws Exception {
    Path rows = csv("typed.csv", testRows);
    String typed =
        "SELECT user::INTEGER AS user, item, scenario, hour::UTINYINT AS hour, price::DOUBLE AS"
            + " price, string_split(tags, '|') AS tags FROM read_csv('"
            + rows
            + "', all_varchar=true)";
    Path parquet = folder.resolve("typed.parquet");
    Path arrow = folder.resolve("typed.arrow");
    try (Scorer scorer = Scorer.load(bundle);
        Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute("COPY (" + typed + ") TO '" + parquet + "' (FORMAT parquet)");
      score(scorer, parquet, "of-parquet.arrow");
      assertSame(floats(folder.resolve("of-parquet.arrow"), "score"));

      try (BufferAllocator allocator = new RootAllocator();
          DuckDBResultSet result = statement.executeQuery(typed).unwrap(DuckDBResultSet.class);
          ArrowReader reader = (ArrowReader) result.arrowExportStream(allocator, 1000);
          FileChannel out = FileChannel.open(arrow, CREATE_NEW, WRITE);
          ArrowFileWriter writer = new ArrowFileWriter(reader.getVectorSchemaRoot(), null, out)) {
        while (reader.loadNextBatch()) {
          writer.writeBatch();
          assertSame(scorer.score(reader.getVectorSchemaRoot()));
        }
      }
      score(scorer, arrow, "of-arrow.arrow");
      assertSame(floats(folder.resolve("of-arrow.arrow"), "score"));
    }
  }

  @Test
  void theJavaInterfaceTakesMapsAndStoredFeaturesMayBeGiven() {
    try (Scorer scorer = Scorer.load(bundle)) {
      List<Map<String, Object>> rows = testRows.stream().map(BundleTest::map).toList();
      assertSame(scorer.score(rows));

      List<Map<String, Object>> given = new ArrayList<>();
      for (Map<String, Object> row : rows) {
        int user = Integer.parseInt((String) row.get("user"));
        Map<String, Object> more = new HashMap<>(row);
        more.put("city", user % 10 == 0 ? null : "c" + user % 9);
        more.put("age", user % 10 == 0 || user % 7 == 0 ? null : 18 + user % 60);
        given.add(more);
      }
      assertSame(scorer.score(given));

      // A user nobody has seen is one of whom nothing is known.
      Map<String, Object> unknown = new HashMap<>(rows.get(0));
      unknown.put("user", "nobody");
      Map<String, Object> none = new HashMap<>(rows.get(0));
      none.put("user", null);
      assertThat(scorer.score(List.of(unknown))).isEqualTo(scorer.score(List.of(none)));
      assertThat(scorer.score(List.of(unknown))[0]).isBetween(0f, 1f).isNotEqualTo(evaluated[0]);
    }
  }

  @Test
  void whatCannotBeScoredIsNamed() {
    try (Scorer scorer = Scorer.load(bundle)) {
      Map<String, Object> row = new HashMap<>(map(testRows.get(0)));
      row.put("scenario", "shop");
      assertThatThrownBy(() -> scorer.score(List.of(map(testRows.get(1)), row)))
          .hasMessageContaining("[data/UNKNOWN_SCENARIO]")
          .hasMessageContaining("'shop' in row 1")
          .hasMessageContaining("feed");
      row.put("scenario", "feed");
      row.put("price", "cheap");
      assertThatThrownBy(() -> scorer.score(List.of(row)))
          .hasMessageContaining("[data/BAD_VALUE]")
          .hasMessageContaining("'price' has 'cheap' in row 0");
      row.remove("price");
      assertThatThrownBy(() -> scorer.score(List.of(row)))
          .hasMessageContaining("[data/MISSING_COLUMN]")
          .hasMessageContaining("no column price");
    }
  }

  /** The same rows and others, at once, to the last bit; users 'nobody' are unknown. */
  @Test
  void threadsGetWhatOneGets() throws Exception {
    List<Map<String, Object>> rows = testRows.stream().map(BundleTest::map).toList();
    List<Map<String, Object>> unknown = testRows.stream().map(BundleTest::map).limit(70).toList();
    unknown.forEach(row -> row.put("user", "nobody"));
    List<List<Map<String, Object>>> requests =
        List.of(rows, unknown, rows.subList(0, 1), rows.subList(100, 300));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Scorer scorer = Scorer.load(bundle)) {
      List<float[]> expected = requests.stream().map(scorer::score).toList();
      List<Future<float[]>> futures = new ArrayList<>();
      for (int i = 0; i < 160; i++) {
        List<Map<String, Object>> request = requests.get(i % requests.size());
        futures.add(threads.submit(() -> scorer.score(request)));
      }
      for (int i = 0; i < futures.size(); i++) {
        assertThat(futures.get(i).get()).isEqualTo(expected.get(i % requests.size()));
      }
      scorer.close();
      assertThatThrownBy(() -> scorer.score(rows)).hasMessageContaining("[score/CLOSED]");
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void closingWaitsForRowsThatAreBeingScored() throws Exception {
    List<Map<String, Object>> rows = testRows.stream().map(BundleTest::map).toList();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    CountDownLatch begun = new CountDownLatch(4);
    Scorer scorer = Scorer.load(bundle);
    float[] expected = scorer.score(rows);
    Callable<String> untilClosed =
        () -> {
          while (true) {
            try {
              assertThat(scorer.score(rows)).isEqualTo(expected);
            } catch (MsrException e) {
              return e.code();
            }
            begun.countDown();
          }
        };
    try {
      List<Future<String>> futures =
          Stream.generate(() -> threads.submit(untilClosed)).limit(4).toList();
      begun.await();
      scorer.close();
      for (Future<String> future : futures) {
        assertThat(future.get()).isEqualTo("score/CLOSED");
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aStoppedJobGoesOn() throws IOException {
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      many.addAll(testRows);
    }
    Path rows = csv("many.csv", many);
    Path out = folder.resolve("many.arrow");
    ScoringRequest request =
        new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.STRICT, 6_000);
    try (Scorer scorer = Scorer.load(bundle)) {
      IllegalStateException stop = new IllegalStateException("stopped");
      assertThatThrownBy(
              () ->
                  scorer.score(
                      request,
                      (done, total) -> {
                        if (done > 15_000) {
                          throw stop;
                        }
                      }))
          .isSameAs(stop);
      assertThat(out).doesNotExist();

      AtomicLong skipped = new AtomicLong();
      ScoringReport report =
          scorer.score(
              request,
              new Progress() {
                @Override
                public void update(long done, long total) {
                  assertThat(done).isGreaterThan(skipped.get());
                }

                @Override
                public void detail(long already, String remark) {
                  skipped.set(already);
                }
              });
      assertThat(report.resumedAt()).isGreaterThanOrEqualTo(6_000).isEqualTo(skipped.get());
      assertThat(report.rows()).isEqualTo(30_000);
      float[] scores = floats(out, "score");
      for (int i = 0; i < scores.length; i++) {
        assertThat(scores[i]).isCloseTo(evaluated[i % 500], within(1e-6f));
      }
    }
  }

  @Test
  void aBundleOfWhichAByteIsWrongIsRefusedWithTheFile() throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(bundle)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    assertThat(files).hasSizeGreaterThan(15);
    for (Path file : files) {
      byte[] content = Files.readAllBytes(file);
      byte[] flipped = content.clone();
      flipped[content.length / 2] ^= 4;
      Files.write(file, flipped);
      assertRefused(file);
      Files.write(file, java.util.Arrays.copyOf(content, content.length - 1));
      assertRefused(file);
      Files.delete(file);
      assertRefused(file);
      Files.write(file, content);
    }
    assertThat(Bundle.open(bundle).digest()).hasSize(64);
  }

  @Test
  void whatAnotherBundleLeftInAFolderIsRefused() throws IOException {
    Path left = Files.createFile(bundle.resolve("knowledge/users-00007.arrow"));
    Path note = Files.writeString(bundle.resolve("README"), "of the day");
    assertRefused(left);
    Files.delete(left);
    assertThat(Bundle.open(bundle).digest()).hasSize(64);
    Files.delete(note);
  }

  private static void assertRefused(Path file) {
    assertThatThrownBy(() -> Scorer.load(bundle))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining(file.getFileName().toString());
  }

  private static void score(Scorer scorer, Path rows, String out) {
    scorer.score(new ScoringRequest(rows, folder.resolve(out)), Progress.NONE);
  }

  private static void assertSame(float[] scores) {
    assertThat(scores).hasSameSizeAs(evaluated);
    for (int i = 0; i < scores.length; i++) {
      assertThat(scores[i]).as("row %d", i).isCloseTo(evaluated[i], within(1e-6f));
    }
  }

  private static String first(String row, int columns) {
    return String.join(",", List.of(row.split(",", -1)).subList(0, columns));
  }

  static Map<String, Object> map(String row) {
    String[] values = row.split(",", -1);
    Map<String, Object> map = new HashMap<>();
    map.put("user", values[0]);
    map.put("item", values[1]);
    map.put("scenario", values[2]);
    map.put("hour", Integer.parseInt(values[5]));
    map.put("price", values[6].isEmpty() ? null : Double.valueOf(values[6]));
    map.put("tags", values[7].isEmpty() ? List.of() : List.of(values[7].split("\\|")));
    return map;
  }

  private static Path csv(String name, List<String> rows) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, SmallShop.COLUMNS + "\n" + String.join("\n", rows) + "\n");
    return file;
  }

  static float[] floats(Path file, String column) throws IOException {
    List<Float> all = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        Float4Vector values = (Float4Vector) reader.getVectorSchemaRoot().getVector(column);
        for (int i = 0; i < values.getValueCount(); i++) {
          all.add(values.get(i));
        }
      }
    }
    float[] floats = new float[all.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = all.get(i);
    }
    return floats;
  }
}
