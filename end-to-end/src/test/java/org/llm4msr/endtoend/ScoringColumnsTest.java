package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** Rows for a model that reads items and pasts beside fields of every name and kind. */
class ScoringColumnsTest {

  private static final int ROWS = 3000;
  private static final int TEST = 500;

  /** 2022-04-15; rows follow by a minute. */
  private static final long FIRST_SECOND = 1_650_000_000;

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: .
        files: [log.parquet]
        time: time
        fields:
          - {column: mood, kind: vector}
          - {column: history, kind: multi-categorical}
          - {column: item_vector, kind: numeric}
        items: {files: [items.csv], key: item, text: [title]}
        split: {by: time, ratio: [4, 1, 1]}
      knowledge:
        encoder: {name: hash, dimension: 16}
        items: {}
        history: {length: 10, bins: 4, until: row}
      model:
        embeddingSize: 4
        backbone: {name: shared-bottom, bottom: [8], tower: [4], batchNorm: false}
        itemKnowledge: {}
      training: {epochs: 1, batchSize: 64, optimizer: {learningRate: 0.02}}
      runtime: {threads: 1}
      """;

  @TempDir static Path folder;
  static Path bundle;
  static float[] evaluated;

  /** Even users like even items, which are tea. */
  @BeforeAll
  static void train() throws IOException, SQLException {
    List<String> items = new ArrayList<>(List.of("item,title"));
    for (int item = 0; item < 50; item++) {
      items.add("i%d,%s".formatted(item, item % 2 == 0 ? "green tea leaves" : "bright desk lamp"));
    }
    Files.write(folder.resolve("items.csv"), items);
    query(
        """
        COPY (
          SELECT 'u' || u AS user, 'i' || i AS item, %d + n * 60 AS time,
            [hash(n * 9) %% 100, hash(n * 9 + 1) %% 100]::DOUBLE[] AS mood,
            ['i' || hash(n * 9 + 6) %% 50, 'i' || hash(n * 9 + 7) %% 50] AS history,
            hash(n * 9 + 8) %% 100 AS item_vector,
            (hash(n * 9 + 3) %% 6 < CASE WHEN u %% 2 = i %% 2 THEN 4 ELSE 1 END)::INT AS label
          FROM (SELECT n, hash(n * 9 + 4) %% 60 AS u, hash(n * 9 + 5) %% 50 AS i
            FROM range(%d) t(n))
        ) TO '%s' (FORMAT parquet)
        """
            .formatted(FIRST_SECOND, ROWS, folder.resolve("log.parquet")));
    Path file = Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT);
    Experiment experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
    evaluated = BundleTest.floats(predictions, "probability");
  }

  /** Returns the rows of a result by name of the column. */
  private static List<Map<String, Object>> query(String sql) throws SQLException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      if (statement.execute(sql)) {
        ResultSet result = statement.getResultSet();
        while (result.next()) {
          Map<String, Object> row = new HashMap<>();
          for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            Object value = result.getObject(i);
            row.put(
                result.getMetaData().getColumnName(i),
                value instanceof Array list ? List.of((Object[]) list.getArray()) : value);
          }
          rows.add(row);
        }
      }
    }
    return rows;
  }

  /** Selects the rows of the test part as they are scored. */
  private static String testRows(String time) {
    return "SELECT * EXCLUDE (label) REPLACE (%s AS time), 'all' AS scenario FROM (FROM '%s' ORDER BY time OFFSET %d)"
        .formatted(time, folder.resolve("log.parquet"), ROWS - TEST);
  }

  @Test
  void scoresAreThoseOfEvaluation() throws SQLException {
    try (Scorer scorer = Scorer.load(bundle)) {
      assertThat(scorer.score(query(testRows("time * 1000"))))
          .containsExactly(evaluated, within(1e-5f));
    }
  }

  @Test
  void aColumnWithTheNameOfAFieldIsThatField() throws SQLException, IOException {
    Path rows = folder.resolve("rows.parquet");
    Path scores = folder.resolve("scores.arrow");
    String time = "make_timestamp(time * 1000000)::TIMESTAMPTZ";
    query("COPY (%s) TO '%s' (FORMAT parquet)".formatted(testRows(time), rows));
    try (Scorer scorer = Scorer.load(bundle)) {
      assertThat(scorer.columns())
          .extracting(column -> column.name() + " " + column.kind())
          .containsExactly(
              "user id",
              "item id",
              "scenario id",
              "mood vector(2)",
              "history multi-categorical",
              "item_vector numeric",
              "time time");
      scorer.score(new ScoringRequest(rows, scores), Progress.NONE);
    }
    assertThat(BundleTest.floats(scores, "score")).containsExactly(evaluated, within(1e-5f));
  }
}
