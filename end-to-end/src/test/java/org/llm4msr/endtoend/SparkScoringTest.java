package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** Scores of Spark beside those of one machine. */
class SparkScoringTest {

  private static final int FILES = 24;
  private static final int ROWS = 125;
  private static final String BATCH = "batchSize=50";

  /** Each file is a partition, whatever its size. */
  private static final List<String> SPARK =
      List.of("spark.sql.files.maxPartitionBytes=64m", "spark.sql.files.openCostInBytes=64m");

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Path bundle;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void train() throws IOException {
    shop = SmallShop.write(folder, 5, 1000, FILES * ROWS, 90, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  @Test
  @Tag("cluster")
  void aClusterThatLosesAnExecutorGivesTheScoresOfOneMachine() throws Exception {
    Path rows = Files.createDirectory(folder.resolve("rows"));
    Path scores = folder.resolve("scores");
    float[] expected = writeAndScore(rows);

    Cli.Running running =
        start(
            "local-cluster[2,1,1024]",
            shop.experiment().toString(),
            "--run=one",
            "--in=" + rows,
            "--out=" + scores,
            "--keep=n,user",
            "-D" + BATCH,
            "--json");
    boolean killed = killOneExecutor(running, scores);
    Cli.Outcome outcome = running.await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(killed).as("an executor is killed when a task has written its scores").isTrue();
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    assertThat(report.get("rows").asLong()).isEqualTo(FILES * ROWS);
    assertThat(report.get("malformed").asLong()).isZero();
    assertThat(report.get("unknown")).hasToString("{\"users\":0,\"items\":0}");
    assertThat(scores.resolve("_SUCCESS")).exists();
    assertThat(scores.resolve("_temporary")).doesNotExist();
    Map<Long, Float> found = read(scores);
    assertThat(found).hasSize(FILES * ROWS);
    for (int n = 0; n < expected.length; n++) {
      assertThat(found.get((long) n)).as("row %d", n).isEqualTo(expected[n]);
    }
  }

  @Test
  @Tag("cluster")
  void malformedRowsOfCsvAreErrorsOrSkippedAndCounted() throws Exception {
    List<String> lines = new ArrayList<>(shop.rows().subList(0, 100));
    lines.add("17,i4,feed");
    lines.add("17,i4,moon,1,5000,3,1.5,a");
    lines.add("17,i4,feed,1,5000,3,dear,a");
    Path file = numbered("broken.csv", lines);
    Path scores = folder.resolve("of-csv");

    Cli.Outcome strict = score(bundle, file, scores);
    assertThat(strict.code()).as(strict.err()).isEqualTo(1);
    assertThat(strict.err()).contains("--malformed skip.").containsPattern("\\[data/BAD_ROW\\] ");
    assertThat(scores).doesNotExist();

    Cli.Outcome skipping = score(bundle, file, scores, "--malformed=skip", "--json");
    assertThat(skipping.code()).as(skipping.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(skipping.out());
    assertThat(report.get("rows").asLong()).isEqualTo(103);
    assertThat(report.get("malformed").asLong()).isEqualTo(3);
    assertThat(report.get("problems").toString())
        .contains("(n=100, user=17)", "moon", "dear", "another number of values");
    Map<Long, Float> found = read(scores);
    assertThat(found.values().stream().filter(score -> score == null)).hasSize(3);
    try (Scorer scorer = Scorer.load(bundle, "runtime.threads=1", BATCH)) {
      float[] expected = scorer.score(maps(0, 100));
      for (int n = 0; n < expected.length; n++) {
        assertThat(Math.abs(found.get((long) n) - expected[n])).as("row %d", n).isLessThan(1e-6f);
      }
    }

    Cli.Outcome again = score(bundle, file, scores);
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("[score/EXISTS] ");
    Path rows = Files.createDirectory(folder.resolve("as-table"));
    float[] ofTable = writeAndScore(rows);
    assertThat(
            score(bundle, Path.of("parquet.`" + rows + "`"), scores, "--force", "--format=table"))
        .satisfies(outcome -> assertThat(outcome.code()).as(outcome.err()).isZero());
    assertThat(read(scores)).hasSize(ofTable.length).containsEntry(7L, ofTable[7]);
  }

  @Test
  @Tag("cluster")
  void aModelOfSeveralLabelsHasAColumnForEach() throws Exception {
    SmallShop labelled = LabelledShop.write(folder.resolve("labelled"), 1, 1000);
    Experiment experiment =
        Experiment.fromYaml(
            labelled.experiment(), LabelledShop.LABELS, "model.fusion=none", "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    Path several = experiment.train("several", Progress.NONE).bundle();
    Path file = numbered("labelled.csv", labelled.rows().subList(0, 100));
    Path scores = folder.resolve("of-labels");
    Path alone = folder.resolve("of-labels.parquet");

    Cli.Outcome outcome = score(several, file, scores);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    try (Scorer scorer = Scorer.load(several)) {
      scorer.score(new ScoringRequest(file, alone), Progress.NONE);
    }
    assertThat(largestDifference("score_like", scores, alone, 100)).isLessThan(1e-6);
    assertThat(largestDifference("score_buy", scores, alone, 100)).isLessThan(1e-6);
  }

  /** The bundle brings the events and the vectors of items; `time` says what came before a row. */
  @Test
  @Tag("cluster")
  void aModelReadsThePastOfEachRowAndTheVectorsOfItems() throws Exception {
    SmallShop past = SmallShop.write(folder.resolve("past"), 2, 1000, 1200, 60, List.of("feed"));
    Experiment experiment =
        Experiment.fromYaml(
            past.experiment(),
            "model.sequences={recent: {pooling: target-attention, length: 5, until: row}}",
            "knowledge.items={}",
            "model.itemKnowledge.width=4",
            "model.coldItems={field: item_id}",
            "knowledge.history={length: 5}",
            "training.optimizer.learningRate=0.03");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Path model = experiment.train("past", Progress.NONE).bundle();
    List<String> rows = past.rows().subList(0, 200).stream().map(row -> inMillis(row)).toList();
    Path file = numbered("past.csv", rows);
    Path timeless = folder.resolve("timeless.csv");
    Files.writeString(timeless, Files.readString(file).replaceFirst("time", "other"));
    Path scores = folder.resolve("of-past");
    Path alone = folder.resolve("of-past.parquet");
    Path untimed = folder.resolve("of-timeless.parquet");

    Cli.Outcome outcome = score(model, file, scores);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    try (Scorer scorer = Scorer.load(model)) {
      scorer.score(new ScoringRequest(file, alone), Progress.NONE);
      scorer.score(new ScoringRequest(timeless, untimed), Progress.NONE);
    }
    assertThat(largestDifference("score", scores, alone, 200)).isLessThan(1e-6);
    assertThat(largestDifference("score", scores, untimed, 200))
        .as("it reads the time")
        .isPositive();
  }

  private static String inMillis(String row) {
    String[] cells = row.split(",", -1);
    cells[4] += "000";
    return String.join(",", cells);
  }

  /** Writes rows with their numbers in the column n. */
  private static Path numbered(String name, List<String> rows) throws IOException {
    List<String> lines = new ArrayList<>(List.of("n," + SmallShop.COLUMNS));
    for (int n = 0; n < rows.size(); n++) {
      lines.add(n + "," + rows.get(n));
    }
    return Files.write(folder.resolve(name), lines);
  }

  /** Compares a column of scores of a cluster, all above 0, with that of one machine. */
  private static double largestDifference(String column, Path scores, Path alone, int rows)
      throws Exception {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement();
        ResultSet largest =
            sql.executeQuery(
                """
                SELECT count(*), max(abs(a.%1$s - b.%1$s)), min(a.%1$s)
                FROM read_parquet('%2$s/*.parquet') a JOIN '%3$s' b ON a.n::BIGINT = b.row
                """
                    .formatted(column, scores, alone))) {
      assertThat(largest.next()).isTrue();
      assertThat(largest.getLong(1)).isEqualTo(rows);
      assertThat(largest.getDouble(3)).isPositive();
      return largest.getDouble(2);
    }
  }

  @Test
  @Tag("cluster")
  void whatIsMissingIsNamed() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path out = folder.resolve("none");

    Path file = Files.writeString(folder.resolve("small.csv"), "user,item,scenario\n1,i1,feed\n");
    Cli.Outcome noHome =
        start(
                "local[1]",
                bundle.toString(),
                "--in=" + file,
                "--out=" + out,
                "-Dspark.home=" + empty,
                "--conf=spark.llm4msr.driver.home=" + empty)
            .await();
    assertThat(noHome.code()).isEqualTo(1);
    assertThat(noHome.err())
        .contains("[spark/NO_HOME] " + empty + ", of the driver, holds no llm4msr");

    Cli.Outcome columns = score(bundle, file, out);
    assertThat(columns.code()).isEqualTo(1);
    assertThat(columns.err()).contains("[data/MISSING_COLUMN] ", "hour");

    Cli.Outcome rows = score(bundle, folder.resolve("nothing"), out);
    assertThat(rows.code()).isEqualTo(2);
    assertThat(rows.err()).contains("[data/MISSING_FILE] ");
    assertThat(out).doesNotExist();
  }

  private static Cli.Outcome score(Path bundle, Path in, Path out, String... more)
      throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of(bundle.toString(), "--in=" + in, "--out=" + out, "--keep=n,user"));
    if (!Files.exists(in) || !Files.readString(in).startsWith("n,")) {
      arguments.set(3, Arrays.asList(more).contains("--format=table") ? "--keep=n" : "--keep=user");
    }
    arguments.addAll(List.of(more));
    return start("local[2]", arguments.toArray(String[]::new)).await();
  }

  private static Cli.Running start(String master, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("spark", "score", "--master=" + master));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    SPARK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(more));
    return cli.start(environment, arguments.toArray(String[]::new));
  }

  /** Kills when the first task has committed its scores, and others are left. */
  private static boolean killOneExecutor(Cli.Running running, Path scores) throws Exception {
    return Await.whileAlive(
        running.process(),
        () -> hasCommitted(scores.resolve("_temporary/0")) && SparkFolder.killExecutor(running));
  }

  private static boolean hasCommitted(Path tasks) {
    try (Stream<Path> files = Files.list(tasks)) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith("task_"));
    } catch (IOException e) {
      return false; // Not begun, or over.
    }
  }

  /** Writes Parquet files with typed columns; returns the scores of one machine, by row. */
  private static float[] writeAndScore(Path rows) throws Exception {
    float[] scores = new float[FILES * ROWS];
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement();
        Scorer scorer = Scorer.load(bundle, "runtime.threads=1", BATCH)) {
      for (int part = 0; part < FILES; part++) {
        List<String> lines = new ArrayList<>(List.of("n," + SmallShop.COLUMNS));
        for (int n = part * ROWS; n < (part + 1) * ROWS; n++) {
          lines.add(n + "," + shop.rows().get(n));
        }
        Path csv = Files.write(folder.resolve("part.csv"), lines);
        sql.execute(
            """
            COPY (SELECT n::BIGINT AS n, "user"::BIGINT AS "user", item, scenario,
              hour::INTEGER AS hour, price::DOUBLE AS price, string_split(tags, '|') AS tags
              FROM read_csv('%s', header=true, all_varchar=true))
            TO '%s' (FORMAT parquet)
            """
                .formatted(csv, rows.resolve("part-%02d.parquet".formatted(part))));
        float[] ofPart = scorer.score(maps(part * ROWS, (part + 1) * ROWS));
        System.arraycopy(ofPart, 0, scores, part * ROWS, ROWS);
      }
    }
    return scores;
  }

  private static List<Map<String, Object>> maps(int from, int to) {
    List<Map<String, Object>> maps = new ArrayList<>();
    for (String line : shop.rows().subList(from, to)) {
      String[] cells = line.split(",", -1);
      Map<String, Object> map = new HashMap<>();
      map.put("user", Long.parseLong(cells[0]));
      map.put("item", cells[1]);
      map.put("scenario", cells[2]);
      map.put("hour", cells[5]);
      map.put("price", cells[6].isEmpty() ? null : Double.parseDouble(cells[6]));
      map.put("tags", cells[7].isEmpty() ? null : List.of(cells[7].split("\\|")));
      maps.add(map);
    }
    return maps;
  }

  private static Map<Long, Float> read(Path scores) throws Exception {
    Map<Long, Float> found = new TreeMap<>();
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement();
        ResultSet rows =
            sql.executeQuery(
                "SELECT n::BIGINT, score FROM read_parquet('%s/*.parquet')".formatted(scores))) {
      while (rows.next()) {
        long n = rows.getLong(1);
        float score = rows.getFloat(2);
        found.put(n, rows.wasNull() ? null : score);
      }
    }
    return found;
  }
}
