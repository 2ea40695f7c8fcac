package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.llm4msr.endtoend.FreshShop.metric;
import static org.llm4msr.endtoend.FreshShop.rank;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.RankingServer;

/** Requests to a server with values in Redis, beside those that bring the same values. */
class FeatureSourceTest {

  private static final String CONTEXT = "\"hour\": 3, \"price\": 12.5, \"tags\": \"a\"";

  @TempDir static Path folder;
  private static FreshShop shop;
  private static RankingServer bare;

  private static FakeRedis redis;
  private static RankingServer fetching;

  private RankingServer server = fetching;

  @BeforeAll
  static void train() throws Exception {
    shop = FreshShop.trained();
    bare = ServedShop.withAllThreads(shop.start());
    redis = new FakeRedis();
    fetching = start(redis.port(), "features.timeoutMillis=100", "features.pauseMillis=100");
    ServedShop.withAllThreads(fetching);
    FeatureSourceTest first = new FeatureSourceTest();
    first.fetched(REQUEST);
    redis.kill();
    redis.restart();
    first.fetched(REQUEST); // So that all threads that serve are there.
  }

  @AfterAll
  static void end() throws Exception {
    fetching.close();
    bare.close();
    redis.close();
  }

  @BeforeEach
  void forget() throws Exception {
    redis.hashes.clear();
    redis.otherTypes.clear();
    redis.mood = FakeRedis.Mood.WELL;
    server = fetching;
    rankUntil(() -> isFetched(REQUEST));
  }

  private static RankingServer start(int port, String... settings) {
    List<String> all = new ArrayList<>();
    all.add(
        "features.source={name: redis, uri: 'redis://127.0.0.1:%d', prefix: 'shop:'}"
            .formatted(port));
    all.addAll(List.of(settings));
    return shop.start(all.toArray(new String[0]));
  }

  private static String request(String user, String context, String... items) {
    return """
    {"user": "%s", "scenario": "feed", "context": {%s}, "items": [%s]}
    """
        .formatted(user, context, String.join(", ", items));
  }

  private static String item(String id, String fields) {
    return "{\"id\": \"%s\", \"fields\": {%s}}".formatted(id, fields);
  }

  private static final String REQUEST = request("17", CONTEXT, item("i1", ""), item("i2", ""));

  private double outcomes(String outcome) throws Exception {
    return metric(
        server,
        "llm4msr_feature_requests_total{outcome=\"%s\",source=\"redis\"}".formatted(outcome));
  }

  private double unreadable() throws Exception {
    return metric(server, "llm4msr_feature_rows_total{outcome=\"unreadable\",source=\"redis\"}");
  }

  /** Ranks until a condition holds. */
  private void rankUntil(Callable<Boolean> condition) throws Exception {
    Await.until(
        () -> {
          assertThat(rank(server, REQUEST)).hasSize(2);
          assertThat(condition.call()).isTrue();
        });
  }

  private boolean isFetched(String request) throws Exception {
    double before = outcomes("ok");
    rank(server, request);
    return outcomes("ok") > before;
  }

  /** Returns what an explanation tells of the source. */
  private JsonNode explainedSource() throws Exception {
    String explained = REQUEST.strip().replaceFirst("\\{", "{\"explain\": true, ");
    String answer = FreshShop.call(server, "POST", "/v1/rank", explained).body();
    return ServedShop.JSON.readTree(answer).at("/explanation/source");
  }

  /** Ranks with an answer of the source, which may come too late on a machine that is busy. */
  private float[] fetched(String request) throws Exception {
    AtomicReference<float[]> found = new AtomicReference<>();
    Await.until(
        () -> {
          double before = outcomes("ok");
          found.set(rank(server, request));
          assertThat(outcomes("ok")).isGreaterThan(before);
        });
    return found.get();
  }

  @Test
  void whatARequestBringsCountsBeforeTheSourceAndThatBeforeTheBundle() throws Exception {
    redis.hashes.put(
        "shop:user:17",
        Map.of("city", "c3", "age", "61", "price", "99", "tags", "[\"a\", \"c\"]", "other", "x"));
    redis.hashes.put("shop:item:i1", Map.of("kind", "k2", "words", "[\"w1\", \"w3\"]"));
    redis.hashes.put("shop:item:i2", Map.of("kind", "k3", "price", "7.25", "hour", "5"));

    float[] found =
        fetched(
            request(
                "17",
                "\"hour\": 3, \"price\": 12.5",
                item("i1", ""),
                item("i2", "\"kind\": \"k0\""),
                item("i3", "")));

    String user =
        "\"hour\": 3, \"price\": 12.5, \"city\": \"c3\", \"age\": 61, \"tags\": [\"a\", \"c\"]";
    float[] same =
        rank(
            bare,
            request(
                "17",
                user,
                item("i1", "\"kind\": \"k2\", \"words\": [\"w1\", \"w3\"]"),
                item("i2", "\"kind\": \"k0\""),
                item("i3", "")));
    assertThat(found).containsExactly(same);
    float[] without =
        rank(
            bare,
            request("17", CONTEXT, item("i1", ""), item("i2", "\"kind\": \"k0\""), item("i3", "")));
    for (int place = 0; place < 3; place++) {
      assertThat(found[place]).isNotCloseTo(without[place], within(1e-5f));
    }
  }

  @Test
  void aValueThatCannotBeReadIsLostAlone() throws Exception {
    redis.hashes.put("shop:user:17", Map.of("city", "c3", "age", "old"));
    redis.otherTypes.add("shop:item:i1");
    redis.hashes.put("shop:item:i2", Map.of("kind", "k0", "words", "[\"w1\""));
    redis.hashes.put("shop:item:i3", Map.of("item_vector", "[1, 2]", "kind", "k0"));
    redis.hashes.put("shop:item:i5", Map.of("kind", "k3"));
    String[] items = {item("i1", ""), item("i2", ""), item("i3", ""), item("i5", "")};
    double before = unreadable();

    float[] found = fetched(request("17", CONTEXT, items));

    String context = CONTEXT + ", \"city\": \"c3\"";
    items[1] = item("i2", "\"kind\": \"k0\"");
    items[2] = item("i3", "\"kind\": \"k0\"");
    items[3] = item("i5", "\"kind\": \"k3\"");
    assertThat(found).containsExactly(rank(bare, request("17", context, items)));
    assertThat(unreadable() - before).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(
      value = FakeRedis.Mood.class,
      names = {"SILENT", "RAVING", "LOADING"})
  void aFaultySourceIsLeftAloneUntilItIsBack(FakeRedis.Mood mood) throws Exception {
    redis.hashes.put("shop:item:i1", Map.of("kind", "k2"));
    redis.mood = mood;
    float[] bundle = rank(bare, REQUEST);
    String outcome = mood == FakeRedis.Mood.SILENT ? "timeout" : "error";
    double failed = outcomes(outcome);
    double open = outcomes("open");
    rankUntil(() -> outcomes("open") > open);

    assertThat(rank(server, REQUEST)).containsExactly(bundle);
    assertThat(outcomes(outcome)).isGreaterThan(failed);
    JsonNode told = explainedSource();
    assertThat(told.get("outcome").asText()).isIn("OPEN", "ERROR", "TIMEOUT");
    assertThat(told.get("code").asText())
        .isIn("plugin/TIMEOUT", "plugin/FAULT", "redis/NOT_CONNECTED");
    assertThat(told.get("message").asText()).isNotEmpty();
    redis.mood = FakeRedis.Mood.WELL;
    rankUntil(() -> !Arrays.equals(rank(server, REQUEST), bundle));
  }

  @Test
  void aSourceThatIsKilledAndComesBackIsAskedAgain() throws Exception {
    redis.hashes.put("shop:item:i1", Map.of("kind", "k2"));
    float[] bundle = rank(bare, REQUEST);
    assertThat(fetched(REQUEST)[0]).isNotEqualTo(bundle[0]);
    double failed = outcomes("error");
    double open = outcomes("open");
    redis.kill();
    assertThat(rank(server, REQUEST)).containsExactly(bundle);
    rankUntil(() -> outcomes("open") > open);
    assertThat(outcomes("error")).isGreaterThan(failed);
    redis.restart();
    rankUntil(() -> rank(server, REQUEST)[0] != bundle[0]);
  }

  @Test
  void aServerStartsWithoutItsSource() throws Exception {
    try (RankingServer alone = start(freePort())) {
      assertThat(rank(alone, REQUEST)).containsExactly(rank(bare, REQUEST));
    }
    assertThatThrownBy(
            () -> shop.start("features.source={name: redis, uri: 'redis://me:secret@host'}"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("features.source.uri")
        .hasMessageContaining("the password in its own setting");
  }

  /** As {@code .ci/run} and most machines of developers have it. */
  @Test
  @Tag("services")
  void redisItselfIsRead() throws Exception {
    assumeTrue(onPath("redis-server"), "redis-server is not on the PATH");
    int port = freePort();
    Process real = redisServer(port);
    try (RankingServer guarded =
        shop.start(
            "features.timeoutMillis=2000",
            "features.pauseMillis=100",
            "features.source={name: redis, uri: 'redis://127.0.0.1:%d/2', password: pass}"
                .formatted(port))) {
      command(
          port,
          "AUTH pass",
          "SELECT 2",
          "HSET llm4msr:item:i1 kind k2",
          "SET llm4msr:item:i2 text");
      server = guarded;
      float[] bundle = rank(bare, REQUEST);
      float[] with =
          rank(bare, request("17", CONTEXT, item("i1", "\"kind\": \"k2\""), item("i2", "")));
      rankUntil(() -> Arrays.equals(rank(server, REQUEST), with));
      assertThat(unreadable()).isPositive();
      real.destroyForcibly().waitFor();
      assertThat(rank(server, REQUEST)).containsExactly(bundle);
      real = redisServer(port);
      command(port, "AUTH pass", "SELECT 2", "HSET llm4msr:item:i1 kind k2");
      rankUntil(() -> Arrays.equals(rank(server, REQUEST), with));
    } finally {
      real.destroyForcibly().waitFor();
    }
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Process redisServer(int port) throws Exception {
    return new ProcessBuilder(
            "redis-server",
            "--port",
            "" + port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--requirepass",
            "pass")
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("redis.log").toFile())
        .start();
  }

  /** Sends commands, as soon as it listens. */
  private static void command(int port, String... lines) throws Exception {
    Await.until(
        () ->
            assertThatCode(() -> new Socket("127.0.0.1", port).close()).doesNotThrowAnyException());
    try (Socket socket = new Socket("127.0.0.1", port)) {
      String all = String.join("\r\n", lines) + "\r\nQUIT\r\n";
      socket.getOutputStream().write(all.getBytes(UTF_8));
      String answers = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(answers).doesNotContain("-");
    }
  }
}
