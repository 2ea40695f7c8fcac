package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.metric;
import static org.llm4msr.server.FakeServer.post;
import static org.llm4msr.server.FakeServer.rank;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.serving.ranker.RankResult;

/** What a server counts. */
class ServerMetricsTest {

  private static final int LOOKS = 10_000;
  private static final int IGNORED_NAMES = 20;

  @TempDir Path folder;

  @Test
  void metricsCountByModelAndScenario() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    try (RankingServer counted = FakeServer.start(bundle)) {
      double sum = 0;
      for (int user = 0; user < 3; user++) {
        for (float probability : rank(counted, FakeShop.json(user, 4, ""))) {
          sum += probability;
        }
      }
      post(counted, "{}");
      String strange =
          "{\"id\": \"i1\", \"fields\": {\"tags\": \"no tag\", \"kind\": \"no kind\"}}";
      post(
          counted,
          """
          {"user": "nobody", "scenario": "search", "context": {"hour": 99, "price": 1, "tags": "a"},
           "items": [%s, %s]}
          """
              .formatted(strange, strange));

      List<String> lines = get(counted, "/metrics").lines().toList();
      String labels = "{model=\"main\",scenario=\"feed\"";
      assertThat(lines)
          .contains(
              "llm4msr_rank_seconds_count" + labels + "} 3",
              "llm4msr_items_total" + labels + ",status=\"scored\"} 12.0",
              "llm4msr_probability_count" + labels + "} 12",
              "llm4msr_unknown_users_total{model=\"main\"} 1.0",
              "llm4msr_values_total{field=\"hour\",model=\"main\"} 4.0",
              "llm4msr_unknown_values_total{field=\"hour\",model=\"main\"} 1.0",
              "llm4msr_values_total{field=\"tags\",model=\"main\"} 6.0",
              "llm4msr_unknown_values_total{field=\"tags\",model=\"main\"} 2.0",
              "llm4msr_values_total{field=\"kind\",model=\"main\"} 2.0",
              "llm4msr_unknown_values_total{field=\"kind\",model=\"main\"} 2.0",
              "llm4msr_expected_probability%s} %s"
                  .formatted(labels, FakeBundle.EXPECTED_PROBABILITY),
              "llm4msr_expected_unknown_values{field=\"hour\",model=\"main\"} "
                  + FakeBundle.EXPECTED_UNKNOWN_HOURS,
              "llm4msr_model_info{digest=\"%s\",model=\"main\",version=\"compiled\"} 1"
                  .formatted(Bundle.peek(bundle).digest()));
      assertThat(metric(counted, "llm4msr_probability_sum" + labels + "}"))
          .isCloseTo(sum, within(1e-6));
    }
  }

  @Test
  void columnsThatNobodyReadsAreCountedByNameUpToABound() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      many.append(", \"c%02d\": %d".formatted(i, i));
    }
    String ignored = "llm4msr_ignored_values_total{column=\"%s\",model=\"main\"}";
    try (RankingServer counted = FakeServer.start(bundle)) {
      String request =
          """
          {"user": 17, "scenario": "feed", "context": {"hour": 3, "price": 1, "tags": "a", "huor": 3%s},
           "items": [{"id": "i1", "fields": {"knid": "k0", "words": []}}, {"id": "i2"}]}
          """;
      rank(counted, request.formatted(""));
      rank(counted, request.formatted(""));
      assertThat(metric(counted, ignored.formatted("huor"))).isEqualTo(2);
      assertThat(metric(counted, ignored.formatted("knid"))).isEqualTo(2);

      rank(counted, request.formatted(many));
      List<String> lines =
          get(counted, "/metrics")
              .lines()
              .filter(line -> line.startsWith("llm4msr_ignored"))
              .toList();
      assertThat(lines).hasSize(IGNORED_NAMES + 1).noneMatch(line -> line.contains("\"hour\""));
      // Of 52 names, 20 are told apart.
      assertThat(metric(counted, ignored.formatted("others"))).isEqualTo(52 - IGNORED_NAMES);
    }
  }

  /** Norms of the bundle are from 2 to 3. */
  @Test
  void requestsWithVectorsFarFromThoseOfTheBundleAreCounted() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    String far = "llm4msr_far_vectors_total{model=\"main\"}";
    try (RankingServer counted = FakeServer.start(bundle)) {
      for (String vector : List.of("[0, 0, 2.5, 0]", "[0, 1.0, 0, 0]", "[6, 0, 0, 0]")) {
        rank(counted, withVector(vector));
      }
      assertThat(metric(counted, far)).isZero();

      rank(counted, withVector("[0.5, 0.5, 0.5, 0.4]"));
      rank(counted, withVector("[3, 4, 4, 0]"));
      assertThat(metric(counted, far)).isEqualTo(2);
    }
  }

  private static String withVector(String vector) {
    return """
        {"user": 17, "scenario": "feed", "context": {"hour": 3, "price": 1, "tags": "a"},
         "items": [{"id": "i1"}, {"id": "i2", "fields": {"item_vector": %s}}]}
        """
        .formatted(vector);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theProcessIsMeasured() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    try (RankingServer measured = FakeServer.start(bundle)) {
      double before = metric(measured, "llm4msr_connections");
      try (Socket one = new Socket("127.0.0.1", measured.port());
          Socket two = new Socket("127.0.0.1", measured.port())) {
        assertThat(List.of(one, two)).allMatch(Socket::isConnected);
        assertBecomes(measured, before + 2);
      }
      assertBecomes(measured, before);
      long heap = Runtime.getRuntime().totalMemory() / 4;
      assertThat(metric(measured, "process_resident_memory_bytes"))
          .isBetween((double) heap, 64.0 * (1L << 30));
      assertThat(metric(measured, "process_files_open_files")).isGreaterThan(10);
      assertThat(metric(measured, "jvm_threads_live_threads")).isGreaterThan(5);
    }
  }

  private static void assertBecomes(RankingServer measured, double connections) throws Exception {
    double found = Double.NaN;
    for (int look = 0; look < LOOKS && found != connections; look++) {
      found = metric(measured, "llm4msr_connections");
    }
    assertThat(found).isEqualTo(connections);
  }

  /** Whoever refuses it: Armeria, gRPC, Arrow, or a part of the server. */
  @Test
  @Timeout(60)
  void refusalsAreCountedByProtocolAndCode() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    String[] token = {"Authorization", "Bearer t"};
    try (RankingServer counted =
        FakeServer.start(
            bundle, "tokens.operate=[t]", "limits.body=2048", "limits.timeoutMillis=300")) {
      ManagedChannel without =
          ManagedChannelBuilder.forAddress("127.0.0.1", counted.port()).usePlaintext().build();
      Metadata header = new Metadata();
      header.put(Metadata.Key.of(token[0], Metadata.ASCII_STRING_MARSHALLER), token[1]);
      Channel with =
          ClientInterceptors.intercept(without, MetadataUtils.newAttachHeadersInterceptor(header));
      post(counted, "{}");
      RawCalls.rank(without, new byte[0]);
      RawCalls.exchange(without, List.of());
      post(counted, "{}", token);
      RawCalls.rank(with, new byte[] {1});
      RawCalls.exchange(with, List.of(new byte[] {1}));
      post(counted, " ".repeat(3000), token);
      RawCalls.rank(with, new byte[3000]);
      RawCalls.exchange(with, List.of(new byte[3000]));
      RawCalls.rank(with, RankRequest.newBuilder().setUser("17").build().toByteArray());
      List<byte[]> nix = List.of(FlightMessage.texts().get(0).with("nix").bytes());
      RawCalls.exchange(with, nix);
      call(counted, "GET", "/nix", "");
      call(counted, "PUT", "/v1/rank", "{}");
      call(counted, "POST", "/v1/models/main", "{\"version\": \"nix\"}", token);
      call(counted, "PUT", "/v1/knowledge/user/17", "{\"vector\": [1]}", token);
      call(counted, "GET", "/ready", "", "Long", "x".repeat(20_000));
      try (Socket late = new Socket("127.0.0.1", counted.port())) {
        String begin =
            "POST /v1/rank HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
        late.getOutputStream().write(begin.getBytes(UTF_8));
        assertThat(late.getInputStream().read()).isEqualTo((int) 'H');
      }
      without.shutdownNow();

      Map<String, Double> refused =
          Map.ofEntries(
              Map.entry("http serve/NO_TOKEN", 1.0),
              Map.entry("grpc serve/NO_TOKEN", 1.0),
              Map.entry("flight serve/NO_TOKEN", 1.0),
              Map.entry("http serve/BAD_REQUEST", 1.0),
              Map.entry("grpc serve/BAD_REQUEST", 1.0),
              Map.entry("flight serve/BAD_REQUEST", 1.0),
              Map.entry("http serve/TOO_LARGE", 1.0),
              Map.entry("grpc serve/TOO_LARGE", 1.0),
              Map.entry("flight serve/TOO_LARGE", 1.0),
              Map.entry("grpc data/UNKNOWN_SCENARIO", 1.0),
              Map.entry("http serve/HTTP_404", 1.0),
              Map.entry("http serve/HTTP_405", 1.0),
              Map.entry("http serve/NO_VERSION", 1.0),
              Map.entry("http serve/VECTOR_SIZE", 1.0),
              Map.entry("http serve/HTTP_431", 1.0),
              Map.entry("http rank/DEADLINE", 1.0));
      Map<String, Double> found = refused(counted, token);
      for (int i = 0; i < LOOKS && !found.equals(refused); i++) { // Some count a moment later.
        found = refused(counted, token);
      }
      assertThat(found).isEqualTo(refused);
    }
  }

  private static Map<String, Double> refused(RankingServer server, String... token)
      throws Exception {
    Pattern line =
        Pattern.compile("llm4msr_refused_requests_total\\{protocol=\"(.*)\",reason=\"(.*)\"} (.*)");
    return call(server, "GET", "/metrics", "", token)
        .body()
        .lines()
        .map(line::matcher)
        .filter(Matcher::matches)
        .collect(
            Collectors.toMap(
                found -> found.group(1) + " " + found.group(2),
                found -> Double.valueOf(found.group(3))));
  }

  @Test
  void theTimeOfARequestIsFromItsArrivalToItsAnswer() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    FakeModel model = FakeModel.open(bundle);
    AtomicLong now = new AtomicLong();
    model.whenRanked(request -> now.addAndGet(Duration.ofMillis(250).toNanos()));
    try (RankingServer counted =
        FakeServer.start(now::get, (path, vectors) -> model, "models.main.bundle=" + bundle)) {
      for (int user = 0; user < 3; user++) {
        rank(counted, FakeShop.json(user, 2, ""));
      }
      assertThat(metric(counted, "llm4msr_rank_seconds_sum{model=\"main\",scenario=\"feed\"}"))
          .isEqualTo(0.75);
    }
  }

  @Test
  @Timeout(60)
  void aShadowRanksUnseenAndIsComparedByTheLabelsThatBothHave() throws Exception {
    FakeBundle labels = new FakeBundle(1, FakeShop.SCENARIOS, List.of("like", "buy"));
    FakeBundle like = new FakeBundle(2, FakeShop.SCENARIOS, List.of("like"));
    Path bundle = labels.write(folder.resolve("compiled"));
    Path other = like.write(folder.resolve("next"));
    FakeModel shadow = FakeModel.open(other);
    CountDownLatch ranked = new CountDownLatch(5);
    shadow.whenRanked(request -> ranked.countDown());
    FakeModel main = FakeModel.open(bundle);
    RankResult first = main.rank(FakeShop.request(17, 30));
    RankResult second = FakeModel.open(other).rank(FakeShop.request(17, 30));
    double sum = 0;
    double ofLikes = 0;
    for (int i = 0; i < 30; i++) {
      sum += Math.abs(first.probability(i) - second.probability(i));
      ofLikes += Math.abs(first.probability(0, i) - second.probability(0, i));
    }
    try (RankingServer server =
        FakeServer.start(
            (path, vectors) -> path.endsWith("next") ? shadow : main,
            "models.main.bundle=" + bundle,
            "models.next.bundle=" + other,
            "models.next.shadow=1")) {
      for (int i = 0; i < 5; i++) {
        assertThat(post(server, FakeShop.json(17, 30, "")).body()).contains("\"model\":\"main\"");
      }
      String next = "{model=\"next\"}";
      ranked.await();
      String likes = "{label=\"like\",model=\"next\"}";
      String sameBest = "llm4msr_shadow_same_best_total" + next;
      double same = first.best(1)[0] == second.best(1)[0] ? 5 : 0;
      while (metric(server, "llm4msr_shadow_label_difference_count" + likes) < 150
          || metric(server, sameBest) < same) {
        Thread.onSpinWait(); // What it ranked last is counted a moment later.
      }

      assertThat(metric(server, "llm4msr_shadow_difference_sum" + next))
          .isCloseTo(5 * sum, within(1e-5));
      assertThat(metric(server, "llm4msr_shadow_label_difference_sum" + likes))
          .isCloseTo(5 * ofLikes, within(1e-5));
      assertThat(metric(server, "llm4msr_shadow_difference_count" + next)).isEqualTo(150);
      assertThat(metric(server, sameBest)).isEqualTo(same);
      assertThat(get(server, "/metrics")).doesNotContain("label=\"buy\"");
      assertThat(post(server, FakeShop.json(17, 3, ", \"model\": \"next\"")).statusCode())
          .isEqualTo(200);
    }
  }
}
