package org.llm4msr.server.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.server.FakeAnswers.answer;
import static org.llm4msr.server.FakeAnswers.draw;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.server.FakeBundle;
import org.llm4msr.server.FakeModel;
import org.llm4msr.server.FakeShop;
import org.llm4msr.server.config.LogConfig;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.log.RequestLog;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;

/** Logged requests that are ranked again. */
class ReplayTest {

  @TempDir Path folder;

  private FakeModel model(long seed, String... labels) throws IOException {
    Path bundle = folder.resolve(seed + String.join("-", labels));
    return FakeModel.open(new FakeBundle(seed, FakeShop.SCENARIOS, List.of(labels)).write(bundle));
  }

  private LoggedRequests log(List<RankAnswer> answers) {
    LogConfig config =
        new LogConfig(folder.resolve("log"), 1, 10_000, 100_000, 3600, Long.MAX_VALUE);
    try (RequestLog log = new RequestLog(config, () -> 0)) {
      log.begin();
      answers.forEach(answer -> log.ranked(answer, 0));
    }
    return LoggedRequests.open(config.folder());
  }

  private static List<RankAnswer> drawn(FakeModel model, int requests) {
    Random random = new Random(7);
    List<RankAnswer> answers = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      answers.add(answer("r" + i, draw(random), model));
    }
    return answers;
  }

  @Test
  void theSameBundleGivesTheSameScores() throws IOException {
    FakeModel model = model(1);
    List<RankAnswer> answers = drawn(model, 60);

    ReplayReport report = Replay.run(log(answers), model, Progress.NONE);

    assertThat(report.refused()).isZero();
    assertThat(report.malformed()).isZero();
    assertThat(report.others()).isNull();
    assertThat(report.same().requests()).isEqualTo(60);
    assertThat(report.same().items())
        .isEqualTo(answers.stream().mapToLong(a -> a.result().size()).sum());
    assertThat(report.same().largestDifference()).isLessThanOrEqualTo(1e-6);
    assertThat(report.same().topOverlap()).isGreaterThan(0.99);
    Replay.requireSame(report);
  }

  @Test
  void anotherBundleIsCompared() throws IOException {
    FakeModel other = model(2);
    List<RankAnswer> answers = drawn(model(1), 30);
    double sum = 0;
    int items = 0;
    for (RankAnswer answer : answers) {
      RankResult now = other.rank(answer.call().request());
      for (int place = 0; place < now.size(); place++) {
        sum += Math.abs((double) now.probability(place) - answer.result().probability(place));
        items++;
      }
    }

    ReplayReport report = Replay.run(log(answers), other, Progress.NONE);

    assertThat(report.same()).isNull();
    assertThat(report.others().items()).isEqualTo(items);
    assertThat(report.others().meanDifference()).isCloseTo(sum / items, within(1e-6));
    assertThat(report.others().meanChange()).containsOnlyKeys("feed", "search");
    Replay.requireSame(report);
  }

  @Test
  void aPartWithAnotherProbabilityIsFound() throws IOException {
    FakeModel model = model(1);
    RankAnswer answer = answer("altered", FakeShop.request(17, 1), model);
    LoggedRequests log = log(List.of(answer));
    Path part;
    try (Stream<Path> files = Files.list(folder.resolve("log/main"))) {
      part = files.findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(part);
    ByteBuffer number =
        ByteBuffer.allocate(Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(answer.result().probability(0))
            .flip();
    int at = 0;
    while (ByteBuffer.wrap(bytes, at, Float.BYTES).compareTo(number) != 0) {
      at++;
    }
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(at, 0.125f);
    Files.write(part, bytes);

    ReplayReport report = Replay.run(log, model, Progress.NONE);

    assertThatThrownBy(() -> Replay.requireSame(report))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[replay/DIFFERS] The request 'altered' had the probability 0.125");
  }

  @Test
  void whatABundleCannotRankIsCountedAndSaid() throws IOException {
    FakeModel narrow =
        FakeModel.open(
            new FakeBundle(3, List.of("feed"), List.of()).write(folder.resolve("narrow")));
    List<RankAnswer> answers = drawn(model(1), 30);
    long search =
        answers.stream().filter(a -> a.call().request().scenario().equals("search")).count();

    ReplayReport report = Replay.run(log(answers), narrow, Progress.NONE);

    assertThat(report.refused()).isEqualTo(search).isGreaterThan(3);
    assertThat(report.refusals()).hasSize(3).allMatch(line -> line.contains("UNKNOWN_SCENARIO"));
    assertThat(report.others().requests()).isEqualTo(30 - search);
  }

  @Test
  void furtherLabelsAreComparedWhereBothHaveThem() throws IOException {
    FakeModel model = model(1, "like", "buy");
    FakeModel other = model(2, "like");
    RankRequest request = FakeShop.request(17, 30);
    RankAnswer answer = answer("r1", request, model);
    LoggedRequests log = log(List.of(answer));

    ReplayReport same = Replay.run(log, model, Progress.NONE);
    assertThatCode(() -> Replay.requireSame(same)).doesNotThrowAnyException();
    assertThat(same.same().labels()).hasSize(2);
    assertThat(same.same().labels().get(0).items()).isEqualTo(30);
    assertThat(same.same().labels().get(0).largestDifference()).isLessThanOrEqualTo(1e-6);
    assertThat(same.same().labels().get(1).first()).isNull();

    RankResult now = other.rank(request);
    double sum = 0;
    for (int i = 0; i < 30; i++) {
      sum += Math.abs((double) now.probability(0, i) - answer.result().probability(0, i));
    }
    ReplayReport others = Replay.run(log, other, Progress.NONE);
    assertThat(others.others().labels())
        .singleElement()
        .satisfies(label -> assertThat(label.label()).isEqualTo("like"));
    assertThat(others.others().labels().get(0).first()).isNotNull();
    assertThat(others.others().labels().get(0).meanDifference()).isCloseTo(sum / 30, within(1e-6));
  }

  /** The request was ranked by a model that says otherwise of likes alone. */
  @Test
  void aLabelWithAnotherProbabilityIsFound() {
    ReplayReport.LabelComparison changed =
        new ReplayReport.LabelComparison(
            "like", 30, 0.5, 0.5, 0.5, new ReplayReport.FirstDifference("r1", "i3", 0.25f, 0.75f));
    ReplayReport altered =
        new ReplayReport(
            "d",
            new ReplayReport.Comparison(1, 30, 0, 0, 0, 1, null, Map.of(), List.of(changed)),
            null,
            0,
            0,
            List.of(),
            0);

    assertThatThrownBy(() -> Replay.requireSame(altered))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining(
            "The request 'r1' had the probability of like 0.25 for item 'i3', and has 0.75 now");
  }
}
