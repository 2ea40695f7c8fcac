package org.llm4msr.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.server.FakeAnswers.answer;
import static org.llm4msr.server.FakeAnswers.draw;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.FakeBundle;
import org.llm4msr.server.FakeModel;
import org.llm4msr.server.FakeShop;
import org.llm4msr.server.config.LogConfig;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.slf4j.LoggerFactory;

/** Logs of requests: what is in them, what is lost, and when. */
class RequestLogTest {

  private static final int SECONDS = 3600;

  @TempDir Path folder;
  private final AtomicLong now = new AtomicLong();
  private FakeModel model;

  @BeforeEach
  void open() throws IOException {
    model = FakeModel.open(new FakeBundle(1).write(folder.resolve("bundle")));
  }

  private LogConfig config(double sample, int queue, int rows, long keep) {
    return new LogConfig(folder.resolve("log"), sample, queue, rows, SECONDS, keep);
  }

  private LogConfig config() {
    return config(1, 10_000, 100_000, Long.MAX_VALUE);
  }

  /** Makes a log that writes when it is told to. */
  private RequestLog log(LogConfig config) {
    return new RequestLog(config, now::get);
  }

  private static void pollAll(RequestLog log, int requests) throws InterruptedException {
    for (int i = 0; i < requests; i++) {
      log.poll(0);
    }
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
  void whatRequestsBroughtGivesTheSameScores() {
    Random random = new Random(7);
    Map<String, RankAnswer> answers = new HashMap<>();
    try (RequestLog log = log(config())) {
      log.begin();
      for (int i = 0; i < 40; i++) {
        RankAnswer answer = answer("r" + i, draw(random), model);
        answers.put("r" + i, answer);
        log.ranked(answer, 0);
      }
      log.close();
      assertThat(log.written()).isEqualTo(40);
    }
    List<String> read = new ArrayList<>();

    logged()
        .forEach(
            request -> {
              read.add(request.id());
              RankAnswer before = answers.get(request.id());
              assertThat(request.asBrought().context().keySet())
                  .containsAll(request.items().size() == 1 ? List.of() : List.of("hour", "tags"));
              RankResult same = model.rank(request.asBrought());
              for (int place = 0; place < same.size(); place++) {
                assertThat(same.probability(place))
                    .isCloseTo(before.result().probability(place), within(1e-6f));
              }
              return true;
            });
    assertThat(read).hasSize(40);
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
    try (RequestLog log = log(config())) {
      log.begin();
      log.ranked(answer("r1", request, model), 0);
    }
    List<LoggedRequest> all = logged().last(100);

    assertThat(all).hasSize(1);
    LoggedRequest logged = all.get(0);
    assertThat(logged.digest()).isEqualTo(model.digest());
    assertThat(logged.user()).isEqualTo("17");
    assertThat(logged.scenario()).isEqualTo("search");
    assertThat(logged.items()).hasSize(2);
    assertThat(texts(logged.items().get(0).used()))
        .isEqualTo(
            Map.of(
                "item_vector", "null",
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
  void aLogHasTheProbabilitiesOfAllLabels() throws Exception {
    FakeModel labelled =
        FakeModel.open(
            new FakeBundle(1, FakeShop.SCENARIOS, List.of("like", "buy"))
                .write(folder.resolve("labels")));
    RankAnswer answer = answer("r", FakeShop.request(17, 3), labelled);
    try (RequestLog log = log(config())) {
      log.begin();
      log.ranked(answer, 0);
    }
    LoggedRequest logged = logged().last(10).get(0);

    for (int place = 0; place < 3; place++) {
      assertThat(logged.items().get(place).labels())
          .isEqualTo(
              Map.of(
                  "like", answer.result().probability(0, place),
                  "buy", answer.result().probability(1, place)));
      assertThat(logged.items().get(place).used()).doesNotContainKey("like");
    }
  }

  @Test
  void whatDoesNotFitIntoTheQueueIsCounted() {
    RankAnswer answer = answer("r", FakeShop.request(1, 2), model);
    RequestLog log = log(config(1, 3, 100_000, Long.MAX_VALUE));
    for (int i = 0; i < 5; i++) {
      log.ranked(answer, 0);
    }
    log.begin();
    log.close();

    assertThat(log.dropped()).isEqualTo(2);
    assertThat(log.written()).isEqualTo(3);
  }

  @Test
  void theSampleIsChosenByTheIds() {
    RankRequest request = FakeShop.request(1, 2);
    List<List<String>> samples = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      LogConfig config = new LogConfig(folder.resolve(name), 0.5, 1000, 10_000, SECONDS, 1 << 30);
      try (RequestLog log = log(config)) {
        log.begin();
        for (int i = 0; i < 400; i++) {
          log.ranked(answer("r" + i, request, model), 0);
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
  void aPartIsCompleteAfterSomeTimeOrSomeRows() throws Exception {
    RankAnswer answer = answer("r", FakeShop.request(1, 2), model);
    RequestLog log = log(config(1, 10, 3, Long.MAX_VALUE));
    log.ranked(answer, 0);
    log.poll(0);
    now.addAndGet(Duration.ofSeconds(SECONDS).toNanos() - 1);
    log.poll(0);
    assertThat(files()).singleElement().asString().endsWith(".arrow.part");

    now.incrementAndGet();
    log.poll(0);
    assertThat(files()).singleElement().asString().endsWith(".arrow");
    assertThat(log.written()).isEqualTo(1);

    log.ranked(answer, 0);
    log.ranked(answer, 0);
    log.poll(0);
    assertThat(log.written()).isEqualTo(1);
    log.poll(0); // Its rows are 4 now.
    assertThat(log.written()).isEqualTo(3);
    assertThat(logged().last(10)).hasSize(3);
  }

  @Test
  void onlyCompletePartsAreReadAndOldOnesAreDeleted() throws Exception {
    RankAnswer answer = answer("r", FakeShop.request(1, 2), model);
    RequestLog killed = log(config());
    killed.ranked(answer, 0);
    killed.poll(0);
    Path left = files().get(0);
    assertThat(left.toString()).endsWith(".arrow.part");
    assertThatThrownBy(this::logged)
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[log/NONE]")
        .hasMessageContaining("no complete part");

    RequestLog log = log(config(1, 100, 1, 30_000));
    for (int i = 0; i < 20; i++) {
      log.ranked(answer, 0);
    }
    pollAll(log, 20);

    assertThat(log.written()).isEqualTo(20);
    assertThat(files()).doesNotContain(left).hasSizeBetween(2, 19);
    long bytes = 0;
    for (Path file : files()) {
      bytes += Files.size(file);
    }
    assertThat(bytes).isLessThanOrEqualTo(30_000);
    assertThat(logged().last(100)).hasSameSizeAs(files());
  }

  @Test
  void aLogThatCannotBeWrittenIsTriedAgainAfterAWhile() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(RequestLog.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    Path inTheWay =
        Files.createFile(Files.createDirectories(folder.resolve("log")).resolve("main"));
    RankAnswer answer = answer("r", FakeShop.request(1, 2), model);
    RequestLog log = log(config(1, 100, 1, Long.MAX_VALUE));
    try {
      for (int i = 0; i < 4; i++) {
        log.ranked(answer, 0);
      }
      pollAll(log, 2);
      assertThat(log.failed()).isEqualTo(2);
      Files.delete(inTheWay);
      now.addAndGet(Duration.ofSeconds(1).toNanos() - 1);
      log.poll(0);
      assertThat(log.failed()).isEqualTo(3);
      now.incrementAndGet();
      log.poll(0);
      assertThat(log.written()).isEqualTo(1);
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("cannot be written", "is not a folder"))
        .anySatisfy(line -> assertThat(line).contains("is written again"));
    assertThat(logged().last(10)).hasSize(1);
  }

  @Test
  void modelsWarmUpWithWhatTheLastRequestsBrought() {
    RankRequest request =
        new RankRequest(17, "feed", List.of(new RankItem("i1", Map.of("price", 9.5))))
            .with(Map.of("hour", 3, "tags", List.of("a")));
    try (RequestLog log = log(config())) {
      log.begin();
      log.ranked(answer("r", request, model), 0);
    }

    RankRequest again = WarmUpRequests.of(folder.resolve("log")).get(0);
    assertThat(again.user()).isEqualTo("17");
    assertThat(again.scenario()).isEqualTo("feed");
    assertThat(again.deadline()).isNull();
    assertThat(model.rank(again).probability(0)).isEqualTo(model.rank(request).probability(0));
    assertThat(WarmUpRequests.of(folder.resolve("none"))).isEmpty();
    assertThat(WarmUpRequests.of(null)).isEmpty();
  }
}
