package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.JSON;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.metric;
import static org.llm4msr.server.FakeServer.post;
import static org.llm4msr.server.FakeServer.rank;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Models and their versions over HTTP, while a server ranks. */
@Timeout(60)
class ServerModelsTest {

  @TempDir Path versions;
  private float[] old;
  private float[] better;

  @BeforeEach
  void write() throws Exception {
    new FakeBundle(1).write(versions.resolve("v9"));
    new FakeBundle(2).write(versions.resolve("better.tmp"));
    old = probabilities(versions.resolve("v9"));
    better = probabilities(versions.resolve("better.tmp"));
  }

  private static float[] probabilities(Path bundle) {
    var result = FakeModel.open(bundle).rank(FakeShop.request(17, 3));
    return new float[] {result.probability(0), result.probability(1), result.probability(2)};
  }

  private RankingServer start(String... settings) {
    return FakeServer.start(
        FakeModel::open, FakeServer.with("models.main.versions=" + versions, settings));
  }

  private static HttpResponse<String> choose(RankingServer server, String body) throws Exception {
    return call(server, "POST", "/v1/models/main", body);
  }

  private static JsonNode status(RankingServer server) throws Exception {
    return JSON.readTree(get(server, "/v1/models")).get("models").get(0);
  }

  /** A version appears with all of its files, as publishing has it. */
  @Test
  void aVersionThatComesIsServedAndNoRequestFails() throws Exception {
    try (RankingServer server = start("reloadSeconds=0.01")) {
      assertThat(rank(server, FakeShop.json(17, 3, ""))).containsExactly(old);
      AtomicBoolean going = new AtomicBoolean(true);
      CountDownLatch ranking = new CountDownLatch(1);
      Set<Integer> statuses = new HashSet<>();
      Set<String> seen = new HashSet<>();
      CompletableFuture<Void> client =
          CompletableFuture.runAsync(
              () -> {
                while (going.get()) {
                  HttpResponse<String> answer = ranked(server);
                  statuses.add(answer.statusCode());
                  seen.add(answer.body().replaceFirst("(?s).*\"version\":\"([^\"]*)\".*", "$1"));
                  ranking.countDown();
                }
              });
      ranking.await();

      Files.move(versions.resolve("better.tmp"), versions.resolve("v10"));
      while (!status(server).get("version").asText().equals("v10")) {
        Thread.onSpinWait();
      }
      assertThat(rank(server, FakeShop.json(17, 3, ""))).containsExactly(better);
      going.set(false);
      client.join();

      assertThat(statuses).containsExactly(200);
      assertThat(seen).contains("v9").isSubsetOf("v9", "v10");
      assertThat(status(server).get("versions"))
          .extracting(JsonNode::asText)
          .containsExactly("v10", "v9");
      String count = "llm4msr_loaded_versions_total{model=\"main\",outcome=\"served\"} 2.0";
      String metrics = get(server, "/metrics");
      while (!metrics.contains(count)) { // Which is after it is served.
        metrics = get(server, "/metrics");
      }
      assertThat(metrics).contains("version=\"v10\"").doesNotContain("version=\"v9\"");
    }
  }

  private static HttpResponse<String> ranked(RankingServer server) {
    try {
      return post(server, FakeShop.json(17, 3, ""));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsChosenIsToldAndWhatCannotBeIsRefused() throws Exception {
    Files.move(versions.resolve("better.tmp"), versions.resolve("v10"));
    new FakeBundle(3).write(versions.resolve("v11"));
    Files.writeString(versions.resolve("v11/manifest.json"), "{");
    try (RankingServer server = start()) {
      JsonNode chosen = JSON.readTree(choose(server, "{\"version\": \"v9\"}").body());
      assertThat(chosen.get("version").asText()).isEqualTo("v9");
      assertThat(chosen.get("pinned").asBoolean()).isTrue();
      assertThat(chosen.get("digest").asText())
          .isEqualTo(FakeModel.open(versions.resolve("v9")).digest());
      assertThat(chosen.get("comparison").get("requests").asInt()).isEqualTo(40);

      HttpResponse<String> damaged = choose(server, "{\"version\": \"v11\"}");
      assertRefused(damaged, 409, "serve/REJECTED");
      assertThat(damaged.body())
          .contains("bundle/DAMAGED", " v11/manifest.json ")
          .doesNotContain(versions.getParent().toString());
      HttpResponse<String> none =
          choose(server, "{\"version\": \"%s\"}".formatted("don't".repeat(1000)));
      assertRefused(none, 404, "serve/NO_VERSION");
      assertThat(none.body())
          .hasSizeLessThan(400)
          .contains("'" + "don't".repeat(1000).substring(0, 60) + "...'")
          .doesNotContain(versions.getParent().toString());
      assertRefused(
          call(server, "POST", "/v1/models/other", "{\"version\":\"v9\"}"), 404, "serve/NO_MODEL");
      for (String body :
          List.of(" ", "[]", "{}", "{\"version\":1}", "{\"version\":\"v9\",\"a\":1}")) {
        assertRefused(choose(server, body), 400, "serve/BAD_REQUEST");
      }
      assertThat(status(server).get("version").asText()).isEqualTo("v9");
    }
  }

  @Test
  void bundlesThatAreNotCompiledAreRefusedWhereThatIsSet() throws Exception {
    Path slow = new FakeBundle(5).write(versions.resolve("v12"));
    Files.createFile(slow.resolve(FakeModel.ENGINE));
    try (RankingServer server = start()) {
      assertThat(status(server).get("compiled").asBoolean()).isFalse();
      assertThat(metric(server, "llm4msr_model_compiled{model=\"main\"}")).isZero();
    }
    try (RankingServer server = start("requireCompiled=true")) {
      JsonNode now = status(server);
      assertThat(now.get("compiled").asBoolean()).isTrue();
      assertThat(metric(server, "llm4msr_model_compiled{model=\"main\"}")).isEqualTo(1);
      assertThat(now.get("rejected").get("version").asText()).isEqualTo("v12");
      assertThat(now.get("rejected").get("code").asText()).isEqualTo("serve/NOT_COMPILED");
      assertThat(now.get("rejected").get("message").asText()).startsWith("v12 is not compiled");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void modelsAreLoadedAtALowPriority() throws Exception {
    try (RankingServer server =
        start("models.next.bundle=" + versions.resolve("better.tmp"), "models.next.shadow=1")) {
      rank(server, FakeShop.json(17, 3, ""));
      choose(server, "{\"version\": null}");
      while (niceness("llm4msr-load") != 15 || niceness("llm4msr-shadow") != 15) {
        Thread.onSpinWait();
      }
      assertThat(niceness("llm4msr-rank-1")).isEqualTo(niceness(Path.of("/proc/self")));
    }
  }

  /** Reads the 19th value of {@code /proc/self/task/TASK/stat}; a value of no thread if none is. */
  private static int niceness(Path task) throws IOException {
    String stat = Files.readString(task.resolve("stat"), UTF_8);
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
  }

  private static int niceness(String thread) {
    String shown = thread.substring(0, Math.min(15, thread.length())); // As Linux keeps names.
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : (Iterable<Path>) tasks::iterator) {
        if (Files.readString(task.resolve("comm"), UTF_8).strip().equals(shown)) {
          return niceness(task);
        }
      }
      return Integer.MIN_VALUE;
    } catch (IOException e) {
      return Integer.MIN_VALUE; // A thread ended meanwhile.
    }
  }
}
