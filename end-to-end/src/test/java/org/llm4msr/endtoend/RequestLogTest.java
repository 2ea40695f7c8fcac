package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.database.ArrowConversion;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.LogConfig;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.log.LoggedRequest;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.log.RequestLog;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.slf4j.LoggerFactory;

/** Logs of requests: what is in them, what is lost, and that they can be repeated. */
class RequestLogTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");

  @TempDir static Path shop;
  private static Ranker enhanced;
  private static Ranker plain;
  private static Path compiled;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    Path file = SmallShop.write(shop, 1, 1000, 1000, 60, SCENARIOS).experiment();
    Experiment experiment = Experiment.fromYaml(file, "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    compiled = shop.resolve("compiled");
    new Compiler(loader())
        .compile(Bundle.open(experiment.train("model", Progress.NONE).bundle()), compiled);
    enhanced = Ranker.open(compiled);
    plain =
        Ranker.open(
            Experiment.fromYaml(file, SmallShop.PLAIN).train("plain", Progress.NONE).bundle());
    start().close(); // So that the threads that all servers share are there.
  }

  private static RankingServer start(String... settings) {
    List<String> all =
        new ArrayList<>(List.of("port=0", "warmUpSeconds=0", "models.main.bundle=" + compiled));
    all.addAll(List.of(settings));
    return RankingServer.start(loader().bind(ServerConfig.class, all, "the test"), loader());
  }

  @AfterAll
  static void end() {
    enhanced.close();
    plain.close();
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  private LogConfig config(double sample, int queue, int rows, long keep) {
    return new LogConfig(folder.resolve("log"), sample, queue, rows, 3600, keep);
  }

  private static RequestLog open(LogConfig config) {
    RequestLog log = new RequestLog(config);
    log.begin();
    return log;
  }

  private LogConfig config() {
    return config(1, 10_000, 100_000, Long.MAX_VALUE);
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
    return new RankRequest(random.nextInt(70), SCENARIOS.get(random.nextInt(2)), items)
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
    try (RequestLog log = open(config())) {
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
    for (Ranker ranker : List.of(enhanced, plain)) {
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
  void whatRequestsBroughtGivesTheSameScoresToo() {
    Map<String, RankAnswer> answers = log(enhanced, 40);

    logged()
        .forEach(
            request -> {
              RankAnswer before = answers.get(request.id());
              assertThat(request.asBrought().context().keySet())
                  .containsAll(request.items().size() == 1 ? List.of() : List.of("hour", "tags"));
              RankResult now = enhanced.rank(request.asBrought());
              for (int place = 0; place < now.size(); place++) {
                assertThat(now.probability(place))
                    .isCloseTo(before.result().probability(place), within(1e-6f));
              }
              return true;
            });
  }

  @Test
  void anotherBundleIsCompared() {
    Map<String, RankAnswer> answers = log(enhanced, 30);
    double sum = 0;
    int items = 0;
    for (RankAnswer answer : answers.values()) {
      RankResult now = plain.rank(answer.call().request());
      for (int place = 0; place < now.size(); place++) {
        sum += Math.abs((double) now.probability(place) - answer.result().probability(place));
        items++;
      }
    }

    ReplayReport report = Replay.run(logged(), plain, Progress.NONE);

    assertThat(report.same()).isNull();
    assertThat(report.others()).isNotNull();
    assertThat(report.others().items()).isEqualTo(items);
    assertThat(report.others().meanDifference()).isCloseTo(sum / items, within(1e-6));
    assertThat(report.others().meanChange()).containsOnlyKeys("feed", "search");
    Replay.requireSame(report);
  }

  @Test
  void aPartWithAnotherProbabilityIsFound() throws IOException {
    RankRequest request =
        new RankRequest(17, "feed", List.of(new RankItem("i1")))
            .with(Map.of("hour", 3, "price", 1, "tags", "a"));
    RankAnswer answer = answer("altered", request, enhanced);
    try (RequestLog log = open(config())) {
      log.ranked(answer, 0);
    }
    Path part = files().get(0);
    byte[] bytes = Files.readAllBytes(part);
    byte[] number =
        ByteBuffer.allocate(Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(answer.result().probability(0))
            .array();
    int at = 0;
    while (ByteBuffer.wrap(bytes, at, Float.BYTES).compareTo(ByteBuffer.wrap(number)) != 0) {
      at++;
    }
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(at, 0.125f);
    Files.write(part, bytes);

    ReplayReport report = Replay.run(logged(), enhanced, Progress.NONE);

    assertThatThrownBy(() -> Replay.requireSame(report))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[replay/DIFFERS] The request 'altered' had the probability 0.125");
  }

  @Test
  void rowsHaveTheValuesAsUsed() {
    RankRequest request =
        new RankRequest(
                17,
                "search",
                List.of(
                    new RankItem("i23", Map.of("price", 9.5)),
                    new RankItem("new", Map.of("kind", "k1")),
                    new RankItem("i1", Map.of("price", "much"))))
            .with(Map.of("hour", 3, "price", "12.5", "tags", List.of("a", "unheard")));
    try (RequestLog log = open(config())) {
      log.ranked(answer("r1", request, enhanced), 0);
    }
    List<LoggedRequest> all = logged().last(100);

    assertThat(all).hasSize(1);
    LoggedRequest logged = all.get(0);
    assertThat(logged.digest()).isEqualTo(enhanced.digest());
    assertThat(logged.user()).isEqualTo("17");
    assertThat(logged.scenario()).isEqualTo("search");
    assertThat(logged.items()).hasSize(2);
    assertThat(texts(logged.items().get(0).used()))
        .isEqualTo(
            Map.of(
                "hour", "3",
                "price", "9.5",
                "tags", "[\"a\",\"unheard\"]",
                "city", "c8",
                "age", "35.0",
                "kind", "k3",
                "words", "[\"w0\",\"w1\",\"w2\"]"));
    assertThat(logged.items().get(0).brought()).containsExactlyInAnyOrder("hour", "price", "tags");
    assertThat(texts(logged.items().get(1).used()))
        .containsEntry("price", "12.5")
        .containsEntry("kind", "k1")
        .containsEntry("words", "null");
  }

  private static Map<String, String> texts(Map<String, ?> values) {
    Map<String, String> texts = new HashMap<>();
    values.forEach((column, value) -> texts.put(column, String.valueOf(value)));
    return texts;
  }

  @Test
  void whatDoesNotFitIntoTheQueueIsCounted() {
    RankAnswer answer = answer("r", draw(new Random(1)), enhanced);
    RequestLog log = open(config(1, 1, 100_000, Long.MAX_VALUE));
    for (int i = 0; i < 5000; i++) {
      log.ranked(answer, 0);
    }
    log.close();

    assertThat(log.dropped()).isPositive();
    assertThat(log.written()).isPositive();
    assertThat(log.written() + log.dropped()).isEqualTo(5000);
  }

  @Test
  void theSampleIsChosenByTheIds() {
    RankRequest request = draw(new Random(1));
    List<List<String>> samples = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      LogConfig config = new LogConfig(folder.resolve(name), 0.5, 10_000, 10_000, 3600, 1 << 30);
      try (RequestLog log = open(config)) {
        for (int i = 0; i < 400; i++) {
          log.ranked(answer("r" + i, request, enhanced), 0);
        }
      }
      samples.add(
          LoggedRequests.open(config.folder()).last(100_000).stream()
              .map(LoggedRequest::id)
              .toList());
    }

    assertThat(samples.get(0)).hasSizeBetween(150, 250).isEqualTo(samples.get(1));
  }

  @Test
  void onlyCompletePartsAreReadAndOldOnesAreDeleted() throws IOException {
    RankAnswer answer = answer("r", draw(new Random(1)), enhanced);
    Path killed;
    try (RequestLog log = open(config())) {
      log.ranked(answer, 0);
      while (!Files.isDirectory(folder.resolve("log/main")) || files().isEmpty()) {
        Thread.onSpinWait();
      }
      killed = files().get(0);
      assertThat(killed.toString()).endsWith(".arrow.part");
      Files.copy(killed, folder.resolve("left"));
    }
    Files.delete(files().get(0));
    Files.copy(folder.resolve("left"), killed); // As a server that was killed leaves it.
    assertThatThrownBy(this::logged)
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[log/NONE]")
        .hasMessageContaining("no complete part");

    try (RequestLog log = open(config(1, 10_000, 1, 30_000))) {
      for (int i = 0; i < 20; i++) {
        log.ranked(answer, 0);
      }
    }

    assertThat(files()).doesNotContain(killed).hasSizeBetween(2, 19);
    long bytes = 0;
    for (Path file : files()) {
      bytes += Files.size(file);
    }
    assertThat(bytes).isLessThanOrEqualTo(30_000);
    assertThat(Replay.run(logged(), enhanced, Progress.NONE).same().largestDifference())
        .isLessThanOrEqualTo(1e-6);
  }

  @Test
  void aServerRanksOnWhileItsLogCannotBeWritten() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(RequestLog.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    Path log = Files.createDirectories(folder.resolve("log"));
    Path inTheWay = Files.createFile(log.resolve("main"));
    try (RankingServer server = start("log={folder: '%s', sample: 1, rows: 1}".formatted(log))) {
      for (int i = 0; i < 3; i++) {
        rank(server);
      }
      assertThat(counted(server, "failed", 3)).isEqualTo(3);
      Files.delete(inTheWay);
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      do {
        rank(server);
      } while (count(server, "written") == 0 && System.nanoTime() < end);
      assertThat(count(server, "written")).isPositive();
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("cannot be written", "is not a folder"))
        .anySatisfy(line -> assertThat(line).contains("is written again"));
    assertThat(logged().last(10)).isNotEmpty();
  }

  private static void rank(RankingServer server) throws Exception {
    String body =
        """
        {"user": 3, "scenario": "feed", "context": {"hour": 3, "price": 1, "tags": []},
         "items": [{"id": "i1"}, {"id": "i2"}]}
        """;
    URI uri = URI.create("http://127.0.0.1:%d/v1/rank".formatted(server.port()));
    HttpResponse<String> answer =
        ServedShop.CLIENT.send(
            HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(body)).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
  }

  private static long counted(RankingServer server, String outcome, long least) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (count(server, outcome) < least && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    return count(server, outcome);
  }

  private static long count(RankingServer server, String outcome) throws Exception {
    URI uri = URI.create("http://127.0.0.1:%d/metrics".formatted(server.port()));
    String metrics =
        ServedShop.CLIENT.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    String name = "llm4msr_logged_requests_total{outcome=\"%s\"} ".formatted(outcome);
    return (long)
        Double.parseDouble(
            metrics
                .lines()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .orElseThrow()
                .substring(name.length()));
  }

  @Test
  void aModelWarmsUpWithLoggedRequests() {
    log(enhanced, 20);
    List<RankRequest> requests =
        logged().last(1000).stream().map(LoggedRequest::asBrought).toList();
    assertThat(requests).hasSize(20);
    try (Ranker fresh = Ranker.open(compiled)) {
      assertThat(fresh.warmUp(Duration.ofMillis(200), requests)).isGreaterThan(20);
      assertThat(fresh.stats().requests()).isZero();
      // Rows of items that bring nothing are kept from the first round on.
      assertThat(fresh.stats().keptWeights()).isPositive();
    }
  }

  @Test
  void rowsAreRowsToTrainWith() throws Exception {
    Map<String, RankAnswer> answers = log(enhanced, 80);
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

  /** Labels the rows by a file of clicks, as the documentation does. */
  private int join(Path parquet) throws Exception {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          """
          COPY (SELECT log.*, (clicks.item IS NOT NULL)::INT AS label
                FROM '%s' log LEFT JOIN '%s' clicks
                ON clicks.request = log.served_request AND clicks.item = log.item
                WHERE log.served_status <> 'MALFORMED') TO '%s'
          """
              .formatted(parquet, folder.resolve("clicks.csv"), folder.resolve("rows.parquet")));
      ResultSet count =
          statement.executeQuery(
              "SELECT count(*) FROM '%s'".formatted(folder.resolve("rows.parquet")));
      count.next();
      return count.getInt(1);
    }
  }
}
