package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.endtoend.FreshShop.call;
import static org.llm4msr.endtoend.FreshShop.metric;
import static org.llm4msr.endtoend.FreshShop.rank;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;

/** Vectors and texts that a server is given while it runs. */
class FreshKnowledgeTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String USER = "/v1/knowledge/user/";
  private static final String ITEM = "/v1/knowledge/item/";

  @TempDir static Path folder;
  private static FreshShop shop;
  private static RankingServer server;

  @BeforeAll
  static void train() throws Exception {
    shop = FreshShop.trained();
    server = ServedShop.withAllThreads(shop.start("knowledge.encoder={name: hash, dimension: 16}"));
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static String body(float[] vector) {
    return "{\"vector\": %s}".formatted(Arrays.toString(vector));
  }

  private static String request(String user, String more) {
    return """
        {"user": "%s", "scenario": "feed", "context": {"hour": 3, "price": 12.5, "tags": "a"},
         "items": [{"id": "i1"}, {"id": "i4"}%s]}
        """
        .formatted(user, more);
  }

  private static JsonNode put(RankingServer to, String path, String body) throws Exception {
    HttpResponse<String> answer = call(to, "PUT", path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String code)
      throws Exception {
    assertThat(answer.body()).contains('"' + code + '"');
    assertThat(answer.statusCode()).isEqualTo(status);
  }

  @Test
  void aVectorCountsFromTheNextRequestToItsRemoval() throws Exception {
    float[] nobody = rank(server, request("nobody", ""));
    JsonNode taken = put(server, USER + "nobody", body(shop.user("20")));
    float[] found = rank(server, request("nobody", ""));
    // One more new user with the same vector is the same to the model, also through the cache.
    put(server, USER + "a%20%C3%A4%2Fb", body(shop.user("20")));

    assertThat(found[0]).isNotCloseTo(nobody[0], within(1e-4f));
    assertThat(rank(server, request("a ä/b", ""))).containsExactly(found);
    assertThat(taken.get("level").asText()).isEqualTo("user");
    assertThat(taken.get("width").asInt()).isEqualTo(16);
    assertThat(taken.get("models")).hasToString("[\"main\"]");
    assertThat(Instant.parse(taken.get("since").asText())).isBeforeOrEqualTo(Instant.now());
    assertThat(JSON.readTree(call(server, "GET", USER + "nobody", "").body())).isEqualTo(taken);
    assertThat(metric(server, "llm4msr_fresh_vectors{level=\"user\"}")).isGreaterThanOrEqualTo(2);
    assertThat(call(server, "DELETE", USER + "nobody", "").statusCode()).isEqualTo(204);
    assertThat(rank(server, request("nobody", ""))).containsExactly(nobody);
    assertRefused(call(server, "GET", USER + "nobody", ""), 404, "serve/NO_VECTOR");
    assertRefused(call(server, "DELETE", USER + "nobody", ""), 404, "serve/NO_VECTOR");
  }

  @Test
  void aNewItemIsRankedByItsVectorAndFields() throws Exception {
    String more = ", {\"id\": \"new\", \"fields\": {\"kind\": \"k0\", \"words\": []}}";
    float[] before = rank(server, request("17", more));
    put(server, ITEM + "new", body(shop.item("i4")));
    float[] found = rank(server, request("17", more));

    assertThat(found[2]).isNotCloseTo(before[2], within(1e-4f));
    assertThat(found[2]).isCloseTo(found[1], within(1e-5f));
    assertThat(found[0]).isEqualTo(before[0]);
  }

  @Test
  void aTextIsEncodedAsByTheEncoder() throws Exception {
    String text = "Likes films about the sea, and (sometimes) jazz.";
    put(server, USER + "reader", "{\"text\": \"%s\"}".formatted(text));
    put(server, USER + "vector", body(encoded(text)));

    assertThat(rank(server, request("reader", "")))
        .containsExactly(rank(server, request("vector", "")));
  }

  @SuppressWarnings("unchecked")
  private static float[] encoded(String text) {
    KnowledgeEncoderFactory<Record> hash =
        (KnowledgeEncoderFactory<Record>)
            PluginRegistry.load().factory(PluginKind.KNOWLEDGE_ENCODER, "hash");
    Record config = FreshShop.loader().bind(hash.configType(), List.of("dimension=16"), "the test");
    try (KnowledgeEncoder encoder = hash.create(config, null)) {
      return encoder.encode(List.of(text)).get(0).vector();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "user/7     | {\"vector\": [1, 2, 3]}      | 400 | serve/VECTOR_SIZE    | has 3 numbers, but the model main reads 16",
        "user/7     | {\"vector\": [1, null]}      | 400 | serve/BAD_REQUEST    | vector[1] is 'null'",
        "user/7     | {\"vector\": [NaN]}          | 400 | serve/BAD_REQUEST    | no JSON at line 1, column",
        "user/7     | {\"vector\": [1e39]}         | 400 | serve/BAD_REQUEST    | vector[0] is '1.0E39'",
        "user/7     | {\"vector\": []}             | 400 | serve/BAD_REQUEST    | a list of numbers",
        "user/7     | {\"text\": \" \"}            | 400 | serve/BAD_REQUEST    | not empty",
        "user/7     | {\"text\": 5}                | 400 | serve/BAD_REQUEST    | not empty",
        "user/7     | {}                           | 400 | serve/BAD_REQUEST    | one key, vector or text",
        "user/7     | {\"text\": \"a\", \"vector\": [1]} | 400 | serve/BAD_REQUEST | has the keys [text, vector]",
        "user/7     | [1]                          | 400 | serve/BAD_REQUEST    | an object with one key",
        "planet/7   | {\"vector\": [1]}            | 400 | serve/BAD_REQUEST    | Levels are user, item and scenario",
        "scenario/nix  | {\"vector\": [1]}         | 404 | data/UNKNOWN_SCENARIO | Name one of [feed, ",
        "scenario/feed | {\"vector\": [1]}         | 400 | serve/VECTOR_SIZE    | the model main reads 16",
      })
  void whatCannotBeTakenIsRefused(String path, String body, int status, String code, String says)
      throws Exception {
    HttpResponse<String> answer = call(server, "PUT", "/v1/knowledge/" + path, body);

    assertRefused(answer, status, code);
    assertThat(JSON.readTree(answer.body()).get("message").asText()).contains(says);
  }

  @Test
  void onlyTokensChangeAnything() throws Exception {
    try (RankingServer guarded = shop.start("tokens=[secret]")) {
      String vector = body(shop.user("20"));
      assertRefused(call(guarded, "PUT", USER + "7", vector), 401, "serve/NO_TOKEN");
      assertRefused(call(guarded, "GET", USER + "7", ""), 401, "serve/NO_TOKEN");
      assertThat(
              call(guarded, "PUT", USER + "7", vector, "Authorization", "Bearer secret")
                  .statusCode())
          .isEqualTo(200);
      assertRefused(
          call(guarded, "PUT", USER + "7", "{\"text\": \"a\"}", "Authorization", "Bearer secret"),
          409,
          "serve/NO_ENCODER");
    }
  }

  @Test
  void anEncoderOfOtherVectorsIsRefused() throws Exception {
    try (RankingServer other =
        shop.start("knowledge.encoder={name: hash, dimension: 16, maxTokens: 9}")) {
      put(other, USER + "7", "{\"text\": \"a\"}"); // How long prompts may be changes no vector.
    }
    try (RankingServer other = shop.start("knowledge.encoder={name: hash, dimension: 24}")) {
      assertRefused(
          call(other, "PUT", USER + "7", "{\"text\": \"a\"}"), 409, "serve/OTHER_ENCODER");
    }
  }

  @Test
  void aFolderKeepsThemOverARestartAndAnythingTornIsLeftOut() throws Exception {
    Path kept = folder.resolve("kept");
    String[] settings = {"knowledge.folder=" + kept, "knowledge.bytes=900"};
    float[] first;
    JsonNode taken;
    try (RankingServer before = shop.start(settings)) {
      taken = put(before, USER + "new", body(shop.user("20")));
      put(before, ITEM + "i1", body(shop.item("i7")));
      put(before, USER + "gone", body(shop.user("30")));
      // Each takes 200 and 64 bytes, and its key.
      assertRefused(
          call(before, "PUT", USER + "more", body(shop.user("30"))), 507, "serve/KNOWLEDGE_FULL");
      put(before, USER + "new", body(shop.user("20")));
      call(before, "DELETE", USER + "gone", "");
      first = rank(before, request("new", ""));
      assertThatThrownBy(() -> shop.start(settings))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/KNOWLEDGE_FOLDER]")
          .hasMessageContaining("another server has it");
    }
    Files.writeString(kept.resolve("user-0.json"), "{\"level\": \"user\", \"key\": \"9\", \"vec");
    Files.write(kept.resolve("user-1.json.tmp"), new byte[99]);
    Path file = largest(kept);
    Files.writeString(kept.resolve("item-2.json"), Files.readString(file));
    try (RankingServer after = shop.start(settings)) {
      assertThat(rank(after, request("new", ""))).containsExactly(first);
      assertThat(metric(after, "llm4msr_fresh_vectors{level=\"user\"}")).isEqualTo(1);
      assertThat(metric(after, "llm4msr_fresh_vectors{level=\"item\"}")).isEqualTo(1);
      assertThat(JSON.readTree(call(after, "GET", USER + "new", "").body()).get("width"))
          .isEqualTo(taken.get("width"));
    }
    assertThatThrownBy(() -> shop.start("knowledge.folder=" + kept, "knowledge.bytes=300"))
        .hasMessageStartingWith("[serve/KNOWLEDGE_FULL]");
  }

  @Test
  void anotherVersionOfAModelReadsThemToo() throws Exception {
    Path versions = Files.createDirectory(folder.resolve("versions"));
    copy(shop.compiled, versions.resolve("v1"));
    copy(shop.compiled, versions.resolve("v2"));
    try (RankingServer reloading =
        shop.start("models.other.versions=" + versions, "models.main.weight=0")) {
      float[] without = rank(reloading, request("new", ""));
      put(reloading, USER + "new", body(shop.user("20")));
      float[] with = rank(reloading, request("new", ""));
      HttpResponse<String> chosen =
          call(reloading, "POST", "/v1/models/other", "{\"version\": \"v1\"}");

      assertThat(chosen.statusCode()).as(chosen.body()).isEqualTo(200);
      assertThat(JSON.readTree(chosen.body()).get("version").asText()).isEqualTo("v1");
      assertThat(rank(reloading, request("new", ""))).containsExactly(with);
      assertThat(with[0]).isNotCloseTo(without[0], within(1e-4f));
    }
  }

  private static void copy(Path from, Path to) throws Exception {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  private static Path largest(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length())).get();
    }
  }
}
