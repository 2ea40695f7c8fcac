package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.database.ArrowConversion;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.server.config.LogConfig;
import org.llm4msr.server.log.LoggedRequest;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.log.RequestLog;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.Ranker;

/** Logs of the requests to a real model: that they can be repeated, and trained with. */
class RequestLogTest {

  private static Ranker compiled;
  private static Ranker engine;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    compiled = Ranker.open(ServedShop.compiled());
    engine = Ranker.open(ServedShop.bundle());
  }

  @AfterAll
  static void end() {
    compiled.close();
    engine.close();
  }

  private RequestLog begin() {
    LogConfig config =
        new LogConfig(folder.resolve("log"), 1, 10_000, 100_000, 3600, Long.MAX_VALUE);
    RequestLog log = new RequestLog(config, () -> 0);
    log.begin();
    return log;
  }

  /** Draws a request with values of all kinds and origins, some of them not known or missing. */
  private static RankRequest draw(Random random) {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(30); i++) {
      String id = random.nextInt(9) == 0 ? "new" + i : "i" + random.nextInt(150);
      Map<String, @Nullable Object> own = new HashMap<>();
      if (random.nextInt(3) == 0) {
        own.put("price", random.nextBoolean() ? random.nextGaussian() * 4 + 10 : null);
      }
      if (random.nextInt(5) == 0) {
        own.put("kind", random.nextBoolean() ? "k" + random.nextInt(4) : "unheard");
      }
      if (random.nextInt(5) == 0) {
        own.put("words", List.of("w" + random.nextInt(11), "unheard"));
      }
      items.add(new RankItem(id, own));
    }
    Map<String, @Nullable Object> context = new HashMap<>();
    context.put("hour", random.nextBoolean() ? random.nextInt(24) : null);
    context.put("price", "12.5");
    context.put("tags", random.nextBoolean() ? "a" : List.of("b", "c"));
    if (random.nextInt(3) == 0) {
      context.put("age", 40);
    }
    return new RankRequest(random.nextInt(70), ServedShop.SCENARIOS.get(random.nextInt(2)), items)
        .with(context);
  }

  private static RankAnswer answer(String id, RankRequest request, Ranker ranker) {
    RankCall call = new RankCall(id, "", 0, false, request);
    return new RankAnswer(call, "main", "v1", ranker, ranker.rank(request), null);
  }

  /** Logs drawn requests with a bundle, and returns their results by id. */
  private Map<String, RankAnswer> log(Ranker ranker, int requests) {
    Random random = new Random(7);
    Map<String, RankAnswer> answers = new HashMap<>();
    try (RequestLog log = begin()) {
      for (int i = 0; i < requests; i++) {
        RankAnswer answer = answer("r" + i, draw(random), ranker);
        answers.put("r" + i, answer);
        log.ranked(answer, 0);
      }
      log.close();
      assertThat(log.written()).isEqualTo(requests);
    }
    return answers;
  }

  private LoggedRequests logged() {
    return LoggedRequests.open(folder.resolve("log"));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("log/main"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void replayGivesTheSameScores() {
    for (Ranker ranker : List.of(compiled, engine)) {
      Map<String, RankAnswer> answers = log(ranker, 60);

      ReplayReport report = Replay.run(logged(), ranker, Progress.NONE);

      assertThat(report.refused()).isZero();
      assertThat(report.malformed()).isZero();
      assertThat(report.same()).isNotNull();
      assertThat(report.same().requests()).isEqualTo(60);
      assertThat(report.same().items())
          .isEqualTo(answers.values().stream().mapToLong(a -> a.result().size()).sum());
      assertThat(report.same().largestDifference()).isLessThanOrEqualTo(1e-6);
      assertThat(report.same().topOverlap()).isGreaterThan(0.99);
      Replay.requireSame(report);
    }
  }

  @Test
  void aModelWarmsUpWithLoggedRequests() {
    log(compiled, 20);
    List<RankRequest> requests =
        logged().last(1000).stream().map(LoggedRequest::asBrought).toList();
    assertThat(requests).hasSize(20);
    try (Ranker fresh = Ranker.open(ServedShop.compiled())) {
      assertThat(fresh.warmUp(Duration.ofMillis(200), requests)).isGreaterThan(20);
      assertThat(fresh.stats().requests()).isZero();
      // Rows of items that bring nothing are kept from the first round on.
      assertThat(fresh.stats().keptWeights()).isPositive();
    }
  }

  @Test
  void rowsAreRowsToTrainWith() throws Exception {
    Map<String, RankAnswer> answers = log(compiled, 80);
    Path parquet = folder.resolve("log.parquet");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    ArrowConversion.convert(files().get(0), parquet, ArrowConversion.Format.PARQUET, scratch);
    Files.writeString(folder.resolve("clicks.csv"), "request,item\nr0,i1\nr1,i2\n");
    int rows = join(parquet);
    Files.writeString(
        folder.resolve("served.yaml"),
        """
        workspace: work
        dataset:
          name: table
          path: .
          files: [rows.parquet]
          scenario: scenario
          time: served_time
          timeUnit: milliseconds
          group: served_request
          fields:
            - {column: hour}
            - {column: price, kind: numeric}
            - {column: tags, kind: multi-categorical}
            - {column: kind}
            - {column: words, kind: multi-categorical}
          split: {by: random, ratio: [4, 1, 1]}
        model: {embeddingSize: 4, backbone: {name: shared-bottom, bottom: [8], tower: [4]}, fusion: none}
        training: {epochs: 1, batchSize: 256}
        runtime: {threads: 1}
        """);
    Experiment served = Experiment.fromYaml(folder.resolve("served.yaml"));

    served.prepare(false, Progress.NONE);
    Path bundle = served.train("served", Progress.NONE).bundle();

    assertThat(rows).isEqualTo(answers.values().stream().mapToInt(a -> a.result().size()).sum());
    try (Ranker ranker = Ranker.open(bundle)) {
      assertThat(ranker.values().columns().stream().map(column -> column.name()))
          .contains("hour", "price", "tags", "kind", "words");
      ReplayReport report = Replay.run(logged(), ranker, Progress.NONE);
      assertThat(report.others().items()).isEqualTo(rows);
    }
  }

  @Test
  void idsThatWereGivenTwiceAreToldAndLeftOut() throws Exception {
    Random random = new Random(3);
    List<RankAnswer> answers = new ArrayList<>();
    try (RequestLog log = begin()) {
      for (String id : List.of("a", "b", "b", "c")) {
        RankAnswer answer = answer(id, draw(random), compiled);
        answers.add(answer);
        log.ranked(answer, 0);
      }
    }
    Path parquet = folder.resolve("log.parquet");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    ArrowConversion.convert(files().get(0), parquet, ArrowConversion.Format.PARQUET, scratch);
    Files.writeString(folder.resolve("clicks.csv"), "request,item\na,i1\nb,i1\n");

    assertThat(join(parquet))
        .isEqualTo(answers.get(0).result().size() + answers.get(3).result().size());
  }

  /** Labels the rows by a file of clicks, with the statements of the documentation. */
  private int join(Path parquet) throws Exception {
    String page = Files.readString(Path.of(System.getProperty("llm4msr.root"), "docs/serving.md"));
    List<String> statements =
        Pattern.compile("duckdb\\.sql\\(\"\"\"(.*?)\"\"\"\\)", Pattern.DOTALL)
            .matcher(page)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(statements).hasSize(2);
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute("CREATE VIEW log AS FROM '%s'".formatted(parquet));
      statement.execute("CREATE TABLE twice AS " + statements.get(0));
      statement.execute(
          statements
              .get(1)
              .replace("clicks.csv", folder.resolve("clicks.csv").toString())
              .replace("rows.parquet", folder.resolve("rows.parquet").toString()));
      ResultSet count =
          statement.executeQuery(
              "SELECT count(*) FROM '%s'".formatted(folder.resolve("rows.parquet")));
      count.next();
      return count.getInt(1);
    }
  }
}
