package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerComparison;

/** Versions of a model that come, fail and go while a server ranks. */
class ReloadingTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SECONDS_TO_WAIT = 60;
  private static final int USER = 17;
  private static final int ITEMS = 30;

  @TempDir static Path shops;
  private static Path old;
  private static Path better;
  private static Path narrow;

  @TempDir Path versions;

  @BeforeAll
  static void train() throws IOException {
    old = compiled("old", List.of("feed", "search"), "training.seed=1");
    better = compiled("better", List.of("feed", "search"), "training.seed=2");
    narrow = compiled("narrow", List.of("feed"), "training.seed=1");
    // The first server of a process starts a thread that the next ones use.
    start("models.main.bundle=" + narrow).close();
  }

  private static Path compiled(String name, List<String> scenarios, String setting)
      throws IOException {
    Path folder = shops.resolve(name);
    SmallShop.write(folder, 1, 1000, 600, 60, scenarios);
    List<String> settings = new ArrayList<>(List.of(SmallShop.PLAIN));
    settings.add(setting);
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), settings.toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    Path compiled = folder.resolve("compiled");
    new Compiler(loader())
        .compile(Bundle.open(experiment.train("model", Progress.NONE).bundle()), compiled);
    return compiled;
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  private RankingServer serve(String... settings) {
    List<String> all = new ArrayList<>(List.of("models.main.versions=" + versions));
    all.addAll(Arrays.asList(settings));
    return start(all.toArray(String[]::new));
  }

  private static RankingServer start(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of("port=0", "warmUpSeconds=0.1", "drainSeconds=0", "reloadSeconds=0.05"));
    all.addAll(Arrays.asList(settings));
    return RankingServer.start(loader().bind(ServerConfig.class, all, "the test"), loader());
  }

  /** A version appears with all of its files, as `publish` has it. */
  private Path add(Path bundle, String version) throws IOException {
    Path target = versions.resolve(version);
    Path unfinished = versions.resolve(version + ".tmp");
    copy(bundle, unfinished);
    Files.move(unfinished, target);
    return target;
  }

  private static void copy(Path bundle, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(bundle)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, target.resolve(bundle.relativize(file)));
      }
    }
  }

  private static RankRequest request() {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      items.add(new RankItem("i" + i));
    }
    return new RankRequest(USER, "feed", items)
        .with(Map.of("hour", 3, "price", 12.5, "tags", List.of("a")));
  }

  private static HttpResponse<String> rank(RankingServer server, String rest) {
    List<String> ids = new ArrayList<>();
    request().items().forEach(item -> ids.add("{\"id\":\"%s\"}".formatted(item.id())));
    return send(
        server,
        "/v1/rank",
        """
        {"user": 17, "scenario": "feed", "context": {"hour": 3, "price": 12.5, "tags": ["a"]},
         "items": [%s] %s}
        """
            .formatted(String.join(",", ids), rest));
  }

  private static HttpResponse<String> choose(RankingServer server, String version) {
    return send(server, "/v1/models/main", "{\"version\": %s}".formatted(version));
  }

  private static HttpResponse<String> send(RankingServer server, String path, String body) {
    return send(server, HttpRequest.newBuilder().POST(BodyPublishers.ofString(body)), path);
  }

  private static HttpResponse<String> send(
      RankingServer server, HttpRequest.Builder request, String path) {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
    return ServedShop.CLIENT.sendAsync(request.uri(uri).build(), BodyHandlers.ofString()).join();
  }

  private static JsonNode status(RankingServer server) throws IOException {
    String body = send(server, HttpRequest.newBuilder(), "/v1/models").body();
    return JSON.readTree(body).get("models").get(0);
  }

  private static JsonNode await(RankingServer server, Predicate<JsonNode> state) throws Exception {
    long end = System.nanoTime() + SECONDS_TO_WAIT * 1_000_000_000;
    JsonNode status = status(server);
    while (!state.test(status)) {
      assertThat(System.nanoTime() - end).as("waiting, at %s", status).isNegative();
      Thread.sleep(20);
      status = status(server);
    }
    return status;
  }

  private static boolean hasVersion(JsonNode status, String version) {
    return status.get("version").asText().equals(version);
  }

  private static void assertRanks(RankingServer server, Path bundle) throws IOException {
    JsonNode items = JSON.readTree(rank(server, "").body()).get("items");
    try (Ranker ranker = Ranker.open(bundle)) {
      RankResult expected = ranker.rank(request());
      assertThat(items).hasSize(ITEMS);
      for (JsonNode item : items) {
        assertThat((float) item.get("probability").asDouble())
            .isEqualTo(expected.probability(item.get("place").asInt()));
      }
    }
  }

  @Test
  void aNewVersionIsServedWhileRequestsGoOn() throws Exception {
    add(old, "v9");
    try (RankingServer server = serve()) {
      assertRanks(server, old);
      AtomicBoolean going = new AtomicBoolean(true);
      Set<Integer> statuses = new HashSet<>();
      Set<String> seen = new HashSet<>();
      CompletableFuture<Void> client =
          CompletableFuture.runAsync(
              () -> {
                while (going.get()) {
                  HttpResponse<String> answer = rank(server, "");
                  statuses.add(answer.statusCode());
                  seen.add(answer.body().replaceFirst("(?s).*\"version\":\"([^\"]*)\".*", "$1"));
                }
              });

      Path target = add(better, "v10");
      JsonNode status = await(server, now -> hasVersion(now, "v10"));
      assertRanks(server, better);
      going.set(false);
      client.join();

      assertThat(statuses).containsExactly(200);
      assertThat(seen).containsAnyOf("v9").isSubsetOf("v9", "v10");
      assertThat(status.get("versions")).extracting(JsonNode::asText).containsExactly("v10", "v9");
      assertThat(status.get("digest").asText()).isEqualTo(Bundle.open(target).digest());
      assertThat(status.get("pinned").asBoolean()).isFalse();
      assertThat(status.get("rejected")).isNull();
      assertThat(status.get("comparison").get("requests").asInt()).isPositive();
      assertThat(send(server, HttpRequest.newBuilder(), "/metrics").body())
          .contains("version=\"v10\"")
          .doesNotContain("version=\"v9\"")
          .contains("llm4msr_loaded_versions_total{model=\"main\",outcome=\"served\"} 2.0");
    }
  }

  @Test
  void aBrokenVersionChangesNothingAndSaysWhy() throws Exception {
    add(old, "1");
    try (RankingServer server = serve()) {
      Path broken = versions.resolve("2.tmp");
      copy(better, broken);
      Path file = broken.resolve("dense.safetensors");
      byte[] whole = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(whole, whole.length / 2));
      Files.move(broken, versions.resolve("2"));

      JsonNode status = await(server, now -> now.has("rejected"));
      assertThat(hasVersion(status, "1")).isTrue();
      assertThat(status.get("rejected").get("version").asText()).isEqualTo("2");
      assertThat(status.get("rejected").get("code").asText()).isEqualTo("bundle/DAMAGED");
      assertThat(status.get("rejected").get("message").asText()).contains("dense.safetensors");
      assertRanks(server, old);
      HttpResponse<String> chosen = choose(server, "\"2\"");
      assertThat(chosen.statusCode()).isEqualTo(409);
      assertThat(chosen.body()).contains("serve/REJECTED", "bundle/DAMAGED");
      assertThat(versions.resolve("PINNED")).doesNotExist();

      Files.write(versions.resolve("2/dense.safetensors"), whole);
      assertThat(await(server, now -> hasVersion(now, "2")).has("rejected")).isFalse();
      assertRanks(server, better);
    }
  }

  @Test
  void aVersionIsChosenByNameUntilAnotherOneIs() throws Exception {
    add(old, "1");
    add(better, "2");
    try (RankingServer server = serve()) {
      assertThat(hasVersion(status(server), "2")).isTrue();

      HttpResponse<String> back = choose(server, "\"1\"");
      assertThat(back.statusCode()).isEqualTo(200);
      assertThat(hasVersion(JSON.readTree(back.body()), "1")).isTrue();
      assertRanks(server, old);
      assertThat(versions.resolve("PINNED")).hasContent("1\n");
      add(better, "3");
      Thread.sleep(200);
      assertThat(status(server).get("pinned").asBoolean()).isTrue();
      assertThat(hasVersion(status(server), "1")).isTrue();

      assertThat(hasVersion(JSON.readTree(choose(server, "null").body()), "3")).isTrue();
      assertThat(versions.resolve("PINNED")).doesNotExist();
      Files.writeString(versions.resolve("PINNED"), "2");
      await(server, now -> hasVersion(now, "2"));

      assertThat(choose(server, "\"none\"").statusCode()).isEqualTo(404);
      assertThat(choose(server, "\"none\"").body()).contains("serve/NO_VERSION", "[3, 2, 1]");
      assertThat(send(server, "/v1/models/other", "{\"version\":\"1\"}").body())
          .contains("serve/NO_MODEL", "main");
      for (String body :
          List.of("", "[]", "{}", "{\"version\":1}", "{\"version\":\"1\",\"a\":1}")) {
        HttpResponse<String> answer = send(server, "/v1/models/main", body);
        assertThat(answer.statusCode()).as(body).isEqualTo(400);
        assertThat(answer.body()).contains("serve/BAD_REQUEST");
      }
      assertThat(hasVersion(status(server), "2")).isTrue();
    }
  }

  @Test
  void aVersionThatRequestsWouldFailWithIsServedOnlyByName() throws Exception {
    add(old, "1");
    try (RankingServer server = serve()) {
      add(narrow, "2");
      JsonNode rejected = await(server, now -> now.has("rejected")).get("rejected");
      assertThat(rejected.get("code").asText()).isEqualTo("serve/FEWER_SCENARIOS");
      assertThat(rejected.get("message").asText()).contains("[search]", "by name");

      assertThat(hasVersion(JSON.readTree(choose(server, "\"2\"").body()), "2")).isTrue();
      assertRanks(server, narrow);
    }
  }

  @Test
  void aServerBeginsWithTheNewestVersionThatCanBeLoaded() throws Exception {
    add(old, "1");
    Path broken = add(better, "2");
    try (FileChannel file =
        FileChannel.open(broken.resolve("manifest.json"), StandardOpenOption.WRITE)) {
      file.truncate(100);
    }
    try (RankingServer server = serve()) {
      assertThat(hasVersion(status(server), "1")).isTrue();
      assertThat(status(server).get("rejected").get("code").asText()).isEqualTo("bundle/DAMAGED");
    }
    Files.delete(versions.resolve("1/manifest.json"));
    assertThatThrownBy(this::serve)
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[bundle/DAMAGED]");
    Files.delete(broken.resolve("manifest.json"));
    assertThatThrownBy(this::serve)
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/NO_VERSION]");
  }

  @Test
  void aModelWhoseVersionIsDeletedIsServedOn() throws Exception {
    add(old, "1");
    Path newest = add(better, "2");
    try (RankingServer server = serve()) {
      try (Stream<Path> files = Files.walk(newest)) {
        for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(file);
        }
      }
      Thread.sleep(200);
      assertThat(hasVersion(status(server), "2")).isTrue();
      assertRanks(server, better);
    }
  }

  @Test
  void aShadowRanksUnseenAndIsCompared() throws Exception {
    add(old, "1");
    try (RankingServer server = serve("models.next.bundle=" + better, "models.next.shadow=1")) {
      for (int i = 0; i < 5; i++) {
        JsonNode answer = JSON.readTree(rank(server, "").body());
        assertThat(answer.get("model").asText()).isEqualTo("main");
      }
      String count = "llm4msr_shadow_difference_count{model=\"next\"} ";
      String metrics = "";
      long end = System.nanoTime() + SECONDS_TO_WAIT * 1_000_000_000;
      while (!metrics.contains(count + 5 * ITEMS)) {
        assertThat(System.nanoTime() - end).as("waiting, at %s", metrics).isNegative();
        Thread.sleep(20);
        metrics = send(server, HttpRequest.newBuilder(), "/metrics").body();
      }

      double sum = number(metrics, "llm4msr_shadow_difference_sum{model=\"next\"} ");
      double expected = 0;
      try (Ranker one = Ranker.open(old);
          Ranker other = Ranker.open(better)) {
        RankResult first = one.rank(request());
        RankResult second = other.rank(request());
        for (int i = 0; i < ITEMS; i++) {
          expected += Math.abs(first.probability(i) - second.probability(i));
        }
        double same = first.best(1)[0] == second.best(1)[0] ? 5 : 0;
        assertThat(number(metrics, "llm4msr_shadow_same_best_total{model=\"next\"} "))
            .isEqualTo(same);
      }
      assertThat(sum).isCloseTo(5 * expected, within(1e-5));
      assertThat(rank(server, ", \"model\": \"next\"").statusCode()).isEqualTo(200);
    }
  }

  private static double number(String metrics, String name) {
    int at = metrics.indexOf(name) + name.length();
    return Double.parseDouble(metrics.substring(at, metrics.indexOf('\n', at)));
  }

  @Test
  void twoModelsAreComparedByTheirProbabilities() {
    try (Ranker one = Ranker.open(old);
        Ranker same = Ranker.open(old);
        Ranker other = Ranker.open(better)) {
      RankerComparison equal = RankerComparison.of(one, same);
      assertThat(equal.change()).isZero();
      assertThat(equal.sameBest()).isEqualTo(1);
      assertThat(equal.mean()).isEqualTo(equal.otherMean()).isBetween(0.0, 1.0);

      RankerComparison differs = RankerComparison.of(one, other);
      assertThat(differs.mean()).isEqualTo(equal.mean());
      assertThat(differs.change()).isPositive();
      assertThat(differs.sameBest()).isLessThan(1);
      assertThat(differs.spread()).isTrue();
      assertThat(RankerComparison.of(other, one).mean()).isNotEqualTo(differs.mean());
      assertThat(one.stats().requests()).isZero();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void modelsAreLoadedAtALowPriority() throws Exception {
    add(old, "1");
    try (RankingServer server = serve("models.next.bundle=" + better, "models.next.shadow=1")) {
      rank(server, "");
      await(server, now -> niceness("llm4msr-load") == 15 && niceness("llm4msr-shadow") == 15);
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
