package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.server.FakeServer.JSON;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.metric;
import static org.llm4msr.server.FakeServer.rank;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;

/** Vectors that a server is given while it runs. */
class ServerKnowledgeTest {

  private static final String USER = "/v1/knowledge/user/";
  private static final String ITEM = "/v1/knowledge/item/";
  private static final String SCENARIO = "/v1/knowledge/scenario/";
  private static final String VECTOR = "{\"vector\": [0.5, -1, 0.25, 2]}";

  @TempDir static Path folder;
  private static Path bundle;
  private static RankingServer server;

  @BeforeAll
  static void begin() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    server = FakeServer.start(bundle, "knowledge.encoder={name: fake}");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static String stored(Level level, String key) {
    return "{\"vector\": %s}".formatted(Arrays.toString(FakeScores.stored(level, key)));
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

  @Test
  void aVectorCountsFromTheNextRequestToItsRemoval() throws Exception {
    float[] nobody = rank(server, request("nobody", ""));
    JsonNode taken = put(server, USER + "nobody", VECTOR);
    float[] found = rank(server, request("nobody", ""));
    put(server, USER + "a%20%C3%A4%2Fb", VECTOR);

    assertThat(found[0]).isNotCloseTo(nobody[0], within(1e-4f));
    assertThat(rank(server, request("a ä/b", ""))).containsExactly(found);
    assertThat(taken.get("level").asText()).isEqualTo("user");
    assertThat(taken.get("width").asInt()).isEqualTo(4);
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
  void aVectorOfAScenarioCountsForAllItsRequests() throws Exception {
    float[] before = rank(server, request("17", ""));
    put(server, SCENARIO + "feed", VECTOR);
    float[] found = rank(server, request("17", ""));
    put(server, SCENARIO + "feed", stored(Level.SCENARIO, "feed"));

    assertThat(found[0]).isNotCloseTo(before[0], within(1e-4f));
    assertThat(rank(server, request("17", ""))).containsExactly(before);
    call(server, "DELETE", SCENARIO + "feed", "");
  }

  /** The item i4 is of the kind k0, and has no words. */
  @Test
  void aNewItemIsRankedByItsVectorAndFields() throws Exception {
    String more = ", {\"id\": \"new\", \"fields\": {\"kind\": \"k0\", \"words\": []}}";
    float[] before = rank(server, request("17", more));
    put(server, ITEM + "new", stored(Level.ITEM, "i4"));
    float[] found = rank(server, request("17", more));

    assertThat(found[2]).isNotCloseTo(before[2], within(1e-4f));
    assertThat(found[2]).isEqualTo(found[1]);
    assertThat(found[0]).isEqualTo(before[0]);
  }

  @Test
  void aTextIsEncodedAsByTheEncoder() throws Exception {
    String text = "Likes films about the sea, and (sometimes) jazz.";
    put(server, USER + "reader", "{\"text\": \"%s\"}".formatted(text));
    put(
        server,
        USER + "vector",
        "{\"vector\": [%d, %d, %d, 1]}"
            .formatted(text.length() % 7, text.length() % 5, text.hashCode() % 11));

    assertThat(rank(server, request("reader", "")))
        .containsExactly(rank(server, request("vector", "")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "user/7     | {\"vector\": [1, 2, 3]}      | 400 | serve/VECTOR_SIZE    | has 3 numbers,"
            + " but the model main reads 4",
        "user/7     | {\"vector\": [1, null]}      | 400 | serve/BAD_REQUEST    | vector[1] is"
            + " 'null'",
        "user/7     | {\"vector\": [NaN]}          | 400 | serve/BAD_REQUEST    | no JSON at line"
            + " 1, column",
        "user/7     | {\"vector\": [1e39]}         | 400 | serve/BAD_REQUEST    | vector[0] is"
            + " '1.0E39'",
        "user/7     | {\"vector\": []}             | 400 | serve/BAD_REQUEST    | a list of"
            + " numbers",
        "user/7     | {\"text\": \" \"}            | 400 | serve/BAD_REQUEST    | not empty",
        "user/7     | {\"text\": 5}                | 400 | serve/BAD_REQUEST    | not empty",
        "user/7     | {}                           | 400 | serve/BAD_REQUEST    | one key, vector"
            + " or text",
        "user/7     | {\"text\": \"a\", \"vector\": [1]} | 400 | serve/BAD_REQUEST | has the keys"
            + " [text, vector]",
        "user/7     | [1]                          | 400 | serve/BAD_REQUEST    | an object with"
            + " one key",
        "planet/7   | {\"vector\": [1]}            | 400 | serve/BAD_REQUEST    | Levels are user,"
            + " item and scenario",
        "scenario/nix  | {\"vector\": [1]}         | 404 | data/UNKNOWN_SCENARIO | Name one of"
            + " [feed, ",
        "scenario/feed | {\"vector\": [1]}         | 400 | serve/VECTOR_SIZE    | the model main"
            + " reads 4",
      })
  void whatCannotBeTakenIsRefused(String path, String body, int status, String code, String says)
      throws Exception {
    HttpResponse<String> answer = call(server, "PUT", "/v1/knowledge/" + path, body);

    assertRefused(answer, status, code);
    assertThat(JSON.readTree(answer.body()).get("message").asText()).contains(says);
  }

  @Test
  void onlyTokensChangeAnything() throws Exception {
    try (RankingServer guarded = FakeServer.start(bundle, "tokens.operate=[secret]")) {
      assertRefused(call(guarded, "PUT", USER + "7", VECTOR), 401, "serve/NO_TOKEN");
      assertRefused(call(guarded, "GET", USER + "7", ""), 401, "serve/NO_TOKEN");
      String[] token = {"Authorization", "Bearer secret"};
      assertThat(call(guarded, "PUT", USER + "7", VECTOR, token).statusCode()).isEqualTo(200);
      assertRefused(
          call(guarded, "PUT", USER + "7", "{\"text\": \"a\"}", token), 409, "serve/NO_ENCODER");
    }
  }

  @Test
  void anEncoderOfOtherVectorsIsRefused() throws Exception {
    try (RankingServer other =
        FakeServer.start(bundle, "knowledge.encoder={name: fake, maxTokens: 9}")) {
      put(other, USER + "7", "{\"text\": \"a\"}"); // How long prompts may be changes no vector.
    }
    try (RankingServer other =
        FakeServer.start(bundle, "knowledge.encoder={name: fake, dimension: 24}")) {
      assertRefused(
          call(other, "PUT", USER + "7", "{\"text\": \"a\"}"), 409, "serve/OTHER_ENCODER");
    }
  }

  /** The vectors of the bundle are from 2 to 3 long, and {@link #VECTOR} is. */
  @Test
  void aVectorOfAnotherScaleIsTakenWithAWarning() throws Exception {
    JsonNode small = put(server, USER + "small", "{\"vector\": [0.3, 0.4, 0, 0]}");

    assertThat(small.get("warning").asText())
        .contains("the model main", "is 0.500", "from 2.00 to 3.00");
    assertThat(JSON.readTree(call(server, "GET", USER + "small", "").body())).isEqualTo(small);
    assertThat(put(server, USER + "near", VECTOR).has("warning")).isFalse();
  }

  @Test
  void aTextThatCannotFitIsRefusedBeforeItIsEncoded() throws Exception {
    AtomicBoolean encoded = new AtomicBoolean();
    try (RankingServer short9 =
        FakeServer.start(bundle, "knowledge.encoder={name: fake, maxTokens: 9}")) {
      FakeEncoder.whenEncoding(() -> encoded.set(true));
      String most = "hold" + "a".repeat(9 * 64 - 4);
      HttpResponse<String> answer =
          call(short9, "PUT", USER + "7", "{\"text\": \"%sa\"}".formatted(most));

      assertRefused(answer, 400, "knowledge/PROMPT_TOO_LONG");
      assertThat(answer.body()).contains("577 characters", "9 tokens", "above 576");
      assertThat(encoded).isFalse();
      call(short9, "PUT", USER + "7", "{\"text\": \"%s\"}".formatted(most));
      assertThat(encoded).isTrue();
    } finally {
      FakeEncoder.whenEncoding(() -> {});
    }
  }

  @Test
  void aFolderKeepsThemOverARestartAndAnythingTornIsLeftOut() throws Exception {
    Path kept = folder.resolve("kept");
    String[] settings = {"knowledge.folder=" + kept, "knowledge.bytes=700"};
    float[] first;
    JsonNode taken;
    try (RankingServer before = FakeServer.start(bundle, settings)) {
      taken = put(before, USER + "new", VECTOR);
      put(before, ITEM + "i1", VECTOR);
      put(before, USER + "gone", VECTOR);
      // Each takes 200 and 16 bytes, and its key.
      assertRefused(call(before, "PUT", USER + "more", VECTOR), 507, "serve/KNOWLEDGE_FULL");
      put(before, USER + "new", VECTOR);
      call(before, "DELETE", USER + "gone", "");
      first = rank(before, request("new", ""));
      assertThatThrownBy(() -> FakeServer.start(bundle, settings))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/KNOWLEDGE_FOLDER]")
          .hasMessageContaining("another server has it");
    }
    Files.writeString(kept.resolve("user-0.json"), "{\"level\": \"user\", \"key\": \"9\", \"vec");
    Files.write(kept.resolve("user-1.json.tmp"), new byte[99]);
    Files.writeString(kept.resolve("item-2.json"), Files.readString(largest(kept)));
    try (RankingServer after = FakeServer.start(bundle, settings)) {
      assertThat(rank(after, request("new", ""))).containsExactly(first);
      assertThat(metric(after, "llm4msr_fresh_vectors{level=\"user\"}")).isEqualTo(1);
      assertThat(metric(after, "llm4msr_fresh_vectors{level=\"item\"}")).isEqualTo(1);
      assertThat(JSON.readTree(call(after, "GET", USER + "new", "").body()).get("width"))
          .isEqualTo(taken.get("width"));
    }
    assertThatThrownBy(
            () -> FakeServer.start(bundle, "knowledge.folder=" + kept, "knowledge.bytes=300"))
        .hasMessageStartingWith("[serve/KNOWLEDGE_FULL]");
  }

  private static Path largest(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.max(Comparator.comparingLong(file -> file.toFile().length())).orElseThrow();
    }
  }

  @Test
  void anotherVersionOfAModelReadsThemToo() throws Exception {
    Path versions = folder.resolve("versions");
    new FakeBundle(1).write(versions.resolve("v1"));
    new FakeBundle(1).write(versions.resolve("v2"));
    try (RankingServer reloading =
        FakeServer.start(bundle, "models.other.versions=" + versions, "models.main.weight=0")) {
      float[] without = rank(reloading, request("new", ""));
      put(reloading, USER + "new", VECTOR);
      float[] with = rank(reloading, request("new", ""));
      HttpResponse<String> chosen =
          call(reloading, "POST", "/v1/models/other", "{\"version\": \"v1\"}");

      assertThat(chosen.statusCode()).as(chosen.body()).isEqualTo(200);
      assertThat(JSON.readTree(chosen.body()).get("version").asText()).isEqualTo("v1");
      assertThat(rank(reloading, request("new", ""))).containsExactly(with);
      assertThat(with[0]).isNotCloseTo(without[0], within(1e-4f));
    }
  }
}
