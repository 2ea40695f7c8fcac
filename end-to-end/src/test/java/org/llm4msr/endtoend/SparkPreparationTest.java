package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.duckdb.DuckDBDriver;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;

/** Data that Spark prepares beside that of one machine. */
class SparkPreparationTest {

  private static final int ROWS = 6000;
  private static final int PART_ROWS = 700;
  private static final String BY_TIME = "{by: time, ratio: [4, 1, 1]}";

  /** Pieces of a file are small, so that there are several. */
  private static final List<String> SPARK =
      List.of(
          "spark.sql.shuffle.partitions=4",
          "spark.sql.files.openCostInBytes=1000",
          "spark.sql.files.maxPartitionBytes=60k");

  private static final String FIELDS =
      """
          - {column: hour}
          - {column: price, kind: numeric}
          - {column: price, name: range, kind: bucketed, buckets: 5}
          - {column: price, name: level, kind: bucketed, bounds: [5, 10, 15]}
          - {column: tags, kind: multi-categorical, weightMark: ':'}
          - {column: words, kind: multi-categorical, vocabulary: words}
          - {column: word, vocabulary: words}
          - {column: query, kind: hashed, buckets: 50}
          - {column: words, name: hashes, kind: multi-hashed, buckets: 20}
          - {column: city, table: users}
          - {column: age, table: users, kind: numeric}
          - {column: kind, table: items}
          - {column: shape, table: items, kind: vector}
          - {name: hour and kind, cross: [hour, kind]}
          - {name: query and city, cross: [query, city], buckets: 40}
      """;

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: raw
        files: [%s]
        scenario: scenario
        time: time
        group: page
        weight: weight
        labels: [{name: bought}]
        missingValues: [unknown]
        fields:
      %s
        users: {files: [users.csv], key: user, text: [city]}
        items: {files: [items.csv], key: item, text: [title]}
        split: %s
        negatives: %s
      model:
        backbone: {name: shared-bottom, bottom: [8], tower: [4]}
        fusion: none
        embeddingSize: 4
      training: {epochs: 1, batchSize: 256}
      runtime: {threads: 1}
      """;

  @TempDir static Path folder;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void writeRawFiles() throws IOException {
    Path raw = Files.createDirectories(folder.resolve("raw"));
    Random random = new Random(11);
    List<String> lines = new ArrayList<>();
    for (int n = 0; n < ROWS; n++) {
      lines.add(row(random));
    }
    String header =
        "user,item,scenario,label,time,page,weight,bought,hour,price,tags,words,word,query";
    write(raw.resolve("first.csv"), header, lines.subList(0, 3500));
    write(raw.resolve("second.csv"), header, lines.subList(3500, ROWS));
    List<String> users = new ArrayList<>();
    for (int user = 0; user < 200; user++) {
      users.add("u%d,c%d,%s".formatted(user, user % 9, user % 7 == 0 ? "" : 18 + user % 60));
    }
    write(raw.resolve("users.csv"), "user,city,age", users);
    List<String> items = new ArrayList<>();
    for (int item = 0; item < 300; item++) {
      items.add("i%d,k%d,%d|%d.5,title %d".formatted(item, item % 4, item % 5, item, item % 37));
    }
    write(raw.resolve("items.csv"), "item,kind,shape,title", items);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  private static String row(Random random) {
    int user = random.nextInt(200);
    List<String> tags = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int t = random.nextInt(4); t > 0; t--) {
      tags.add("t%d:%s".formatted(random.nextInt(12), random.nextInt(1, 5) / 4.0));
      words.add("w" + random.nextInt(25));
    }
    return "u%d,i%d,%s,%d,%d,p%d,%s,%s,%s,%s,%s,%s,%s,%s"
        .formatted(
            user,
            random.nextInt(300),
            List.of("feed", "search", "home").get(random.nextInt(3)),
            random.nextInt(3) == 0 ? 1 : 0,
            1_000_000 + random.nextInt(3000), // Many rows have the same time.
            random.nextInt(900),
            random.nextInt(4) == 0 ? "" : random.nextInt(1, 4) / 2.0,
            random.nextInt(5) == 0 ? "" : random.nextInt(2),
            random.nextInt(9) == 0 ? "unknown" : random.nextInt(24),
            random.nextInt(10) == 0 ? "" : random.nextGaussian() * 4 + 10,
            String.join("|", tags),
            String.join("|", words),
            "w" + random.nextInt(40),
            "\"find, %d\"".formatted(random.nextInt(300)));
  }

  private static void write(Path file, String header, List<String> lines) throws IOException {
    Files.writeString(file, header + "\n" + String.join("\n", lines) + "\n");
  }

  private static Path experiment(String name, String files, String split, String negatives)
      throws IOException {
    return Files.writeString(
        folder.resolve(name + ".yaml"), EXPERIMENT.formatted(files, FIELDS, split, negatives));
  }

  @Test
  @Tag("cluster")
  void nodesOfAClusterPrepareTheDataOfOneMachine() throws Exception {
    Path file = experiment("all", "first.csv, second.csv", BY_TIME, "{perPositive: 1}");
    Path staging = Files.createDirectory(folder.resolve("staging"));

    Cli.Outcome outcome =
        prepare("local-cluster[2,1,1024]", file, "spark", "--staging=" + staging, "--json");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    Experiment one = Experiment.fromYaml(file, "workspace=one");
    one.prepare(false, Progress.NONE);
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    PreparedParts.assertSame(folder.resolve("spark/prepared"), folder.resolve("one/prepared"));
    assertThat(report.get("train").asInt()).isGreaterThan(2 * PART_ROWS);
    assertThat(folder.resolve("spark/prepared/train/part-00002.arrow")).exists();
    assertThat(staging).isEmptyDirectory();

    Experiment other = Experiment.fromYaml(file, "workspace=spark");
    assertThat(other.prepare(false, Progress.NONE).reused()).isTrue();
    assertThat(other.train("r", Progress.NONE).bundle().resolve("dense.safetensors")).exists();
  }

  @Test
  @Tag("cluster")
  void otherSplitsAndParquetAreThoseOfOneMachine() throws Exception {
    writeParquet();
    for (String split :
        List.of(
            "{by: user-time, ratio: [3, 1, 1]}",
            "{by: random, ratio: [9, 1, 0.0001]}",
            "{by: time, validationFrom: '1970-01-12T14:00:00Z', testFrom: '1970-01-12T14:30:00Z'}")) {
      String name = "split" + Math.abs(split.hashCode());
      Path file = experiment(name, "second.csv", split, "{}");

      Cli.Outcome outcome = prepare("local[2]", file, name + "-spark");

      assertThat(outcome.code()).as(outcome.err()).isZero();
      Experiment.fromYaml(file, "workspace=" + name).prepare(false, Progress.NONE);
      PreparedParts.assertSame(
          folder.resolve(name + "-spark/prepared"), folder.resolve(name + "/prepared"));
    }
    Path file = experiment("parquet", "second.parquet", BY_TIME, "{}");
    assertThat(prepare("local[2]", file, "parquet-spark").code()).isZero();
    Experiment.fromYaml(file, "workspace=parquet").prepare(false, Progress.NONE);
    PreparedParts.assertSame(
        folder.resolve("parquet-spark/prepared"), folder.resolve("parquet/prepared"));
  }

  @Test
  @Tag("cluster")
  void urlsOrcAndTablesOfTheCatalogueAreReadAsFiles() throws Exception {
    writeParquet();
    Path raw = folder.resolve("raw");
    OrcFiles.write(environment, raw.resolve("second.parquet"), raw.resolve("second.orc"));
    Map<String, String> places =
        Map.of(
            raw.resolve("first.csv").toUri().toString(),
            "first.csv",
            raw.resolve("second.parquet").toUri().toString(),
            "second.parquet",
            "table:shop.main.log",
            "second.parquet",
            "second.orc",
            "second.parquet",
            "file://" + raw.resolve("second.orc"),
            "second.parquet");
    for (Map.Entry<String, String> place : places.entrySet()) {
      String name = "place" + Math.abs(place.getKey().hashCode());
      Path file = experiment(name, "'" + place.getKey() + "'", BY_TIME, "{}");
      Path local = experiment(name + "-local", place.getValue(), BY_TIME, "{}");

      Cli.Outcome outcome = prepare("local[2]", file, name + "-spark", catalogue());

      assertThat(outcome.code()).as(place + outcome.err()).isZero();
      Experiment.fromYaml(local, "workspace=" + name).prepare(false, Progress.NONE);
      PreparedParts.assertSame(
          folder.resolve(name + "-spark/prepared"),
          folder.resolve(name + "/prepared"),
          "key",
          "settings",
          "sources");
    }
    Path none = experiment("none", "'table:nothing'", BY_TIME, "{}");
    Cli.Outcome missing = prepare("local[2]", none, "none");
    assertThat(missing.code()).isEqualTo(2);
    assertThat(missing.err()).contains("[data/MISSING_FILE] There is no table:nothing");
  }

  /** Returns settings of a catalogue whose table {@code shop.main.log} has the second file. */
  private static String[] catalogue() throws Exception {
    Path shop = folder.resolve("shop.duckdb");
    if (!Files.exists(shop)) {
      try (Connection database = DriverManager.getConnection("jdbc:duckdb:" + shop);
          Statement sql = database.createStatement()) {
        sql.execute(
            "CREATE TABLE log AS FROM '%s'".formatted(folder.resolve("raw/second.parquet")));
      }
    }
    String driver =
        DuckDBDriver.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return new String[] {
      "--conf=spark.jars=" + driver,
      "--conf=spark.sql.catalog.shop=org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog",
      "--conf=spark.sql.catalog.shop.url=jdbc:duckdb:" + shop,
      "--conf=spark.sql.catalog.shop.driver=" + DuckDBDriver.class.getName()
    };
  }

  private static void writeParquet() throws SQLException {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement()) {
      sql.execute(
          "COPY (FROM read_csv('%s')) TO '%s' (FORMAT parquet)"
              .formatted(folder.resolve("raw/second.csv"), folder.resolve("raw/second.parquet")));
    }
  }

  @Test
  @Tag("cluster")
  void whatNodesCannotDoIsRefused() throws Exception {
    Path file = experiment("wrong", "first.csv, broken.csv", "{by: random}", "{}");
    List<String> lines = Files.readAllLines(folder.resolve("raw/first.csv"));
    lines.set(40, lines.get(40).replaceFirst(",[01],10", ",7,10"));
    Files.write(folder.resolve("raw/broken.csv"), lines);
    String url = folder.resolve("raw/first.csv").toUri().toString();

    Cli.Outcome bad = prepare("local[2]", file, "wrong");
    assertThat(bad.code()).isEqualTo(1);
    assertThat(bad.err()).contains("[data/", "broken.csv, line 41");
    assertThat(folder.resolve("wrong/prepared")).doesNotExist();

    Path distant = experiment("distant", "'" + url + "'", BY_TIME, "{}");
    Cli.Outcome skip = prepare("local[2]", distant, "wrong", "-Ddataset.malformed.policy=skip");
    assertThat(skip.code()).isEqualTo(2);
    assertThat(skip.err()).contains("[spark/MALFORMED] ", url, "Set strict");

    Path twice = experiment("twice", "first.csv, ./first.csv", BY_TIME, "{}");
    Cli.Outcome again = prepare("local[2]", twice, "wrong");
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("[spark/FILE_TWICE] ", "first.csv is twice");

    Cli.Outcome none = prepare("local[2]", file, "wrong", "--part-rows=0");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("[spark/PART_ROWS] --part-rows is 0");

    Cli.Outcome staging = prepare("local-cluster[1,1,1024]", file, "wrong");
    assertThat(staging.code()).isEqualTo(2);
    assertThat(staging.err()).contains("[spark/STAGING] ");
  }

  @Test
  @Tag("cluster")
  void malformedRowsAreSkippedAndReported() throws Exception {
    List<String> lines = new ArrayList<>(Files.readAllLines(folder.resolve("raw/second.csv")));
    lines.set(700, lines.get(700).replaceFirst(",[01],10", ",7,10"));
    lines.set(1200, "u1,\"i1");
    lines.set(1900, lines.get(1900).replaceFirst("\"find", "\"find\n"));
    Files.write(folder.resolve("raw/malformed.csv"), lines);
    Path file = experiment("skip", "first.csv, malformed.csv", BY_TIME, "{}");
    String[] skip = {"-Ddataset.malformed.policy=skip", "-Ddataset.malformed.share=0.01"};

    Cli.Outcome outcome = prepare("local[2]", file, "skip-spark", skip);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    Experiment.fromYaml(
            file, "workspace=skip", "dataset.malformed.policy=skip", "dataset.malformed.share=0.01")
        .prepare(false, Progress.NONE);
    PreparedParts.assertSame(
        folder.resolve("skip-spark/prepared"), folder.resolve("skip/prepared"));
    assertThat(Files.readString(folder.resolve("skip-spark/prepared/rejected.jsonl")))
        .contains("malformed.csv\",\"line\":701", "malformed.csv\",\"line\":1201");
  }

  @Test
  @Tag("cluster")
  void namesThatUrlsEscapeAreReadAsTheyAre() throws Exception {
    Path odd = Files.createDirectories(folder.resolve("raw/a b%20"));
    Files.copy(folder.resolve("raw/second.csv"), odd.resolve("größe [1]*?.csv"));
    Path staging = Files.createDirectory(odd.resolve("hand over"));
    Path file = experiment("odd", "'a b%20/größe [1]*?.csv'", BY_TIME, "{}");

    Cli.Outcome outcome =
        prepare("local-cluster[1,1,1024]", file, "odd spark", "--staging=" + staging);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    Experiment.fromYaml(file, "workspace=odd").prepare(false, Progress.NONE);
    PreparedParts.assertSame(folder.resolve("odd spark/prepared"), folder.resolve("odd/prepared"));
  }

  @Test
  @Tag("cluster")
  void aKilledExecutorChangesNothingAlsoWithStagingAtAUrl() throws Exception {
    Path file = experiment("killed", "first.csv, second.csv", BY_TIME, "{}");
    Path staged = Files.createDirectory(folder.resolve("staged"));
    Path local = Files.createDirectory(folder.resolve("local"));
    // Hadoop's own scheme for a folder under another name: nodes copy files from and to it.
    String mount = "--conf=spark.hadoop.fs.viewfs.mounttable.here.link./staged=file://" + staged;

    Cli.Running running =
        start(
            "local-cluster[2,1,1024]",
            file,
            "killed-spark",
            "--staging=viewfs://here/staged",
            mount,
            "--conf=spark.local.dir=" + local);
    boolean killed = killOneExecutor(running, staged);
    Cli.Outcome outcome = running.await();

    assertThat(killed).isTrue();
    assertThat(outcome.code()).as(outcome.err()).isZero();
    Experiment.fromYaml(file, "workspace=killed").prepare(false, Progress.NONE);
    PreparedParts.assertSame(
        folder.resolve("killed-spark/prepared"), folder.resolve("killed/prepared"));
    assertThat(staged).isEmptyDirectory();
    assertThat(leftOver(local)).isEmpty();
  }

  /** Kills when the first piece of the log has been read. */
  private static boolean killOneExecutor(Cli.Running running, Path staged) throws Exception {
    return Await.whileAlive(
        running.process(), () -> hasPiece(staged) && SparkFolder.killExecutor(running));
  }

  private static boolean hasPiece(Path staged) {
    try (Stream<Path> files = Files.walk(staged)) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith("piece-"));
    } catch (IOException | UncheckedIOException e) {
      return false; // A file has just got its name.
    }
  }

  private static List<Path> leftOver(Path local) throws IOException {
    try (Stream<Path> files = Files.walk(local)) {
      return files.filter(file -> file.getFileName().toString().startsWith("llm4msr-")).toList();
    }
  }

  private static Cli.Outcome prepare(String master, Path file, String workspace, String... more)
      throws Exception {
    return start(master, file, workspace, more).await();
  }

  private static Cli.Running start(String master, Path file, String workspace, String... more)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "spark",
                "prepare",
                file.toString(),
                "--master=" + master,
                "-Dworkspace=" + workspace));
    if (Arrays.stream(more).noneMatch(option -> option.startsWith("--part-rows"))) {
      arguments.add("--part-rows=" + PART_ROWS);
    }
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    SPARK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(more));
    return cli.start(environment, arguments.toArray(String[]::new));
  }
}
