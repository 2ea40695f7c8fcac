package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.toolkit.arrow.ArrowRows;

/**
 * Vectors of items and of rows on their way from files to scores. Labels depend on the first number
 * of each alone, which nothing but the vectors tells: each item occurs once.
 */
class VectorFieldsTest {

  private static final int ROWS = 3000;
  private static final int TEST = 500;

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: raw
        files: [log.parquet]
        time: time
        fields:
          - {column: mood, kind: vector}
          - {column: image, table: items, kind: vector}
        items: {files: [items.parquet], key: item}
        split: {by: time, ratio: [4, 1, 1]}
      model:
        embeddingSize: 4
        backbone: {name: shared-bottom, bottom: [8], tower: [4]}
        fusion: none
      training: {epochs: 6, batchSize: 128, optimizer: {learningRate: 0.02}}
      runtime: {threads: 2}
      """;

  @TempDir static Path folder;
  static Experiment experiment;
  static TrainingReport report;
  static TrainingReport ofMxNet;
  static float[] evaluated;

  @BeforeAll
  static void train() throws IOException, SQLException {
    Files.createDirectories(folder.resolve("raw"));
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      // hash() is uniform; the numbers of a vector lie between -1 and 1.
      statement.execute("CREATE MACRO unit(i, k) AS (hash(i * 31 + k) % 2000)::DOUBLE / 1000 - 1");
      statement.execute(
          "CREATE TABLE items AS SELECT 'i' || i AS item, CASE WHEN i % 40 = 3 THEN NULL ELSE"
              + " [unit(i, 0), unit(i, 1), unit(i, 2) / 100, 5]::FLOAT[] END AS image FROM range("
              + ROWS
              + ") t(i)");
      statement.execute(
          "CREATE TABLE log AS SELECT 'u' || i % 50 AS user, 'i' || i AS item, i AS time, [unit(i,"
              + " 7), unit(i, 8)]::DOUBLE[2] AS mood, (unit(i, 0) + unit(i, 7) > 0)::INTEGER AS"
              + " label FROM range("
              + ROWS
              + ") t(i)");
      copy(statement, "items");
      copy(statement, "log");
    }
    Path file = Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT);
    experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    report = experiment.train("one", Progress.NONE);
    ofMxNet = Experiment.fromYaml(file, "runtime.engine=MXNet").train("mxnet", Progress.NONE);
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
    evaluated = floats(predictions, "probability");
  }

  private static void copy(Statement statement, String table) throws SQLException {
    Path file = folder.resolve("raw").resolve(table + ".parquet");
    statement.execute("COPY " + table + " TO '" + file + "' (FORMAT parquet)");
  }

  private static float[] floats(Path file, String column) throws IOException {
    List<Float> values = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = ArrowRows.open(file, allocator)) {
      while (reader.loadNextBatch()) {
        Float4Vector vector = (Float4Vector) reader.getVectorSchemaRoot().getVector(column);
        for (int i = 0; i < vector.getValueCount(); i++) {
          values.add(vector.get(i));
        }
      }
    }
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  /** The rows of the test part as the files have them. */
  private static List<Map<String, Object>> testRows(boolean withImage) throws SQLException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement();
        var result =
            statement.executeQuery(
                "SELECT user, item, mood::VARCHAR, image::VARCHAR FROM '%1$s/log.parquet' JOIN '%1$s/items.parquet' USING (item) WHERE time >= %2$d ORDER BY time"
                    .formatted(folder.resolve("raw"), ROWS - TEST))) {
      while (result.next()) {
        Map<String, Object> row =
            new HashMap<>(
                Map.of(
                    "user", result.getString(1),
                    "item", result.getString(2),
                    "scenario", "all",
                    "mood", numbers(result.getString(3))));
        if (withImage) {
          String image = result.getString(4);
          row.put("item", "never seen");
          row.put("image", image == null ? null : numbers(image));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static List<Double> numbers(String list) {
    String inside = list.substring(1, list.length() - 1);
    return Arrays.stream(inside.split(", ")).map(Double::valueOf).toList();
  }

  @Test
  void theModelLearnsFromThem() {
    double auc = report.result().best().result().overall().auc();

    assertThat(auc).isGreaterThan(0.9);
  }

  @Test
  void scoresAreThoseOfEvaluation() throws SQLException {
    try (Scorer scorer = Scorer.load(report.bundle())) {
      assertThat(scorer.score(testRows(false))).containsExactly(evaluated, within(1e-5f));
    }
  }

  /** Test items have no row of their own in the item table: only their vector tells them apart. */
  @Test
  void anItemThatNobodyKnowsIsScoredByTheVectorThatItBrings() throws SQLException {
    try (Scorer scorer = Scorer.load(report.bundle())) {
      assertThat(scorer.score(testRows(true))).containsExactly(evaluated, within(1e-5f));

      List<Map<String, Object>> bare = testRows(true);
      bare.forEach(row -> row.remove("image"));
      List<Map<String, Object>> missing = testRows(true);
      missing.forEach(row -> row.put("image", null));
      float[] scores = scorer.score(bare);
      assertThat(scores).containsExactly(scorer.score(missing)).isNotEqualTo(evaluated);
    }
  }

  @Test
  void bothEnginesScoreAlike() throws SQLException {
    try (Scorer scorer = Scorer.load(report.bundle(), "runtime.engine=MXNet")) {
      assertThat(scorer.score(testRows(false))).containsExactly(evaluated, within(1e-4f));
    }
  }

  @Test
  void theOtherEngineTrainsTheSameModel() {
    assertThat(ofMxNet.result().best().result().overall().auc())
        .isCloseTo(report.result().best().result().overall().auc(), within(0.02));
  }

  @Test
  void filesOfRowsHaveListsOrTexts() throws IOException {
    Path csv =
        Files.writeString(
            folder.resolve("rows.csv"),
            "user,item,scenario,mood\nu1,i2999,all,0.5|-0.25\nu2,i2998,all,\n");
    Path out = folder.resolve("scores.arrow");
    try (Scorer scorer = Scorer.load(report.bundle())) {
      scorer.score(new ScoringRequest(csv, out), Progress.NONE);

      List<Map<String, Object>> rows = new ArrayList<>();
      rows.add(
          Map.of(
              "user", "u1", "item", "i2999", "scenario", "all", "mood", new float[] {.5f, -.25f}));
      Map<String, Object> second =
          new HashMap<>(Map.of("user", "u2", "item", "i2998", "scenario", "all"));
      second.put("mood", null);
      rows.add(second);
      assertThat(floats(out, "score")).containsExactly(scorer.score(rows), within(1e-6f));
    }
    Path wrong =
        Files.writeString(
            folder.resolve("wrong.csv"), "user,item,scenario,mood\nu1,i2999,all,0.5\n");
    try (Scorer scorer = Scorer.load(report.bundle())) {
      assertThatThrownBy(
              () ->
                  scorer.score(
                      new ScoringRequest(wrong, folder.resolve("no.arrow")), Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("wrong.csv: Column 'mood' has 1 numbers in row 0; expected 2.");
    }
  }

  /** DuckDB would refuse the whole file for the one text that is no number. */
  @Test
  void aListOfTextsIsReadRowByRow() throws IOException, SQLException {
    Path rows = folder.resolve("texts.parquet");
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          "COPY (SELECT 'u1' AS user, 'i2999' AS item, 'all' AS scenario, m AS mood FROM (VALUES (['0.5', '-0.25']), (['0.5', 'low']), (['0.5', NULL])) t(m)) TO '%s' (FORMAT parquet)"
              .formatted(rows));
    }
    Path out = folder.resolve("texts.arrow");
    try (Scorer scorer = Scorer.load(report.bundle())) {
      ScoringReport scored =
          scorer.score(
              new ScoringRequest(rows, out, List.of(), "|", false, Policy.SKIP), Progress.NONE);

      assertThat(scored.problems())
          .extracting(ScoringReport.RowProblem::problem)
          .containsExactly(
              "Column 'mood' has 'low' in row 1; expected a number. Fix the row or leave the value"
                  + " empty.");
      Map<String, Object> row =
          Map.of(
              "user", "u1", "item", "i2999", "scenario", "all", "mood", new float[] {.5f, -.25f});
      assertThat(Float.parseFloat(BundleTest.texts(out, "score").get(0)))
          .isEqualTo(scorer.score(List.of(row))[0], within(1e-6f));
    }
  }

  /** Old rows of the projection are those of the bundle, and so are means and deviations. */
  @Test
  void anotherRunBeginsWithTheBundle() {
    Experiment still =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"),
            "training.epochs=1",
            "training.optimizer={name: sgd, learningRate: 1e-20}");
    TrainingReport on =
        still.train("on", new TrainingOptions(null, report.bundle()), Progress.NONE);

    assertThat(on.result().best().result().overall().auc())
        .isEqualTo(report.result().best().result().overall().auc());
  }

  /** A matrix has the images of items that have one, in another order. */
  private static void writeImages(Path raw) throws IOException, SQLException {
    List<String> keys = new ArrayList<>();
    ByteBuffer numbers = ByteBuffer.allocate(ROWS * 16).order(ByteOrder.LITTLE_ENDIAN);
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement();
        var result =
            statement.executeQuery(
                "SELECT item, image[1], image[2], image[3], image[4] FROM '%s/items.parquet' WHERE image IS NOT NULL ORDER BY hash(item)"
                    .formatted(raw))) {
      while (result.next()) {
        keys.add(result.getString(1));
        for (int k = 2; k <= 5; k++) {
          numbers.putFloat(result.getFloat(k));
        }
      }
    }
    String header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 4), }".formatted(keys.size());
    ByteBuffer file = ByteBuffer.allocate(128 + numbers.position());
    file.put((byte) 0x93).put("NUMPY\1\0\166\0%-117s\n".formatted(header).getBytes(US_ASCII));
    Files.write(raw.resolve("image.npy"), file.put(numbers.flip()).array());
    Files.write(raw.resolve("image.keys.txt"), keys);
  }

  private static Experiment reading(String name, String image, boolean described)
      throws IOException {
    String text =
        EXPERIMENT
            .replace("workspace: work", "workspace: " + name)
            .replace("{column: image, table: items, kind: vector}", image);
    if (!described) {
      text = text.replace("    items: {files: [items.parquet], key: item}\n", "");
    }
    return Experiment.fromYaml(Files.writeString(folder.resolve(name + ".yaml"), text));
  }

  @Test
  void aFileByIdIsPreparedLikeAColumn() throws IOException, SQLException {
    writeImages(folder.resolve("raw"));
    Predicate<String> data = name -> !name.equals("dataset.json");
    Map<String, String> ofColumn = Contents.bytes(experiment.workspace().prepared(), data);
    String field = "{name: image, table: items, kind: vector, file: image.npy}";
    for (boolean described : List.of(true, false)) {
      Experiment ofFile = reading("file-" + described, field, described);
      ofFile.prepare(false, Progress.NONE);

      assertThat(Contents.bytes(ofFile.workspace().prepared(), data)).isEqualTo(ofColumn);
      assertThat(ofFile.prepare(false, Progress.NONE).reused()).isTrue();
    }
    for (String changed : List.of("image.npy", "image.keys.txt")) {
      Path file = folder.resolve("raw").resolve(changed);
      byte[] content = Files.readAllBytes(file);
      byte[] other = content.clone();
      other[content.length - 3] ^= 1;
      Files.write(file, other);
      Experiment ofFile = reading("file-true", field, true);
      assertThatThrownBy(() -> ofFile.prepare(false, Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("[data/OTHER_DATA]")
          .hasMessageContaining("holds data prepared from other settings or sources.");
      Files.write(file, content);
    }
  }

  @Test
  void aBrokenRunEndsAsIfItHadNotBeenBroken() throws IOException {
    String often = "runtime.checkpointMinutes=0.0001";
    Experiment again = Experiment.fromYaml(folder.resolve("experiment.yaml"), often);
    again.train("whole", Progress.NONE);
    IllegalStateException death = new IllegalStateException("dead");

    assertThatThrownBy(
            () ->
                again.train(
                    "broken",
                    (done, total) -> {
                      if (done > 3.4 * (ROWS - 2 * TEST)) {
                        throw death;
                      }
                    }))
        .isSameAs(death);
    Path run = again.workspace().run("broken");
    assertThat(run.resolve("checkpoints/state.json")).exists();
    assertThat(run.resolve("bundle")).doesNotExist();
    again.train("broken", Progress.NONE);

    Contents.assertSameRun(run, again.workspace().run("whole"));
  }

  /** A layer of fewer than 64 rows or columns has no such products. */
  @Test
  void trainsWithProductsOfBfloat16() {
    Path file = folder.resolve("experiment.yaml");
    String size = "model.embeddingSize=16";
    String wide = "model.backbone={name: shared-bottom, bottom: [64, 64], tower: [16]}";
    TrainingReport full = Experiment.fromYaml(file, size, wide).train("wide", Progress.NONE);
    TrainingReport halves;
    try {
      halves =
          Experiment.fromYaml(file, size, wide, "training.precision=bfloat16")
              .train("halves", Progress.NONE);
    } catch (MsrException e) {
      assumeThat(e.code()).as(e.getMessage()).isNotEqualTo("config/NO_BFLOAT16");
      throw e;
    }

    assertThat(auc(halves)).isCloseTo(auc(full), within(0.02)).isNotEqualTo(auc(full));
  }

  private static double auc(TrainingReport trained) {
    return trained.result().best().result().overall().auc();
  }
}
