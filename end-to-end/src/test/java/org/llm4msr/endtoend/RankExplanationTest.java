package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.Ranker;

/** Explanations of a server, beside those of {@code llm4msr explain} and the raw files. */
class RankExplanationTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String VECTOR =
      "[%s]".formatted(String.join(",", Collections.nCopies(8, "0.25")));
  private static final int USER = 17;
  private static final int ITEM = 23;

  @TempDir static Path folder;
  private static Experiment experiment;
  private static RankingServer server;

  @BeforeAll
  static void train() throws Exception {
    Path file = SmallShop.write(folder, 1, 1000, 1000, 60, List.of("feed", "search")).experiment();
    Files.writeString(
        file,
        Files.readString(file)
            .replace(
                "dimension: 16}",
                "dimension: 8}\n  items: {}\n  history: {length: 5, bins: 3}\n  minInteractions: 5")
            .replace("{name: hierarchical}", "{name: hierarchical}\n  itemKnowledge: {}"));
    experiment = Experiment.fromYaml(file, "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Path compiled = folder.resolve("compiled");
    new Compiler(ConfigLoader.standard(PluginRegistry.load()))
        .compile(Bundle.open(experiment.train("model", Progress.NONE).bundle()), compiled);
    server = start();
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        socket
            .getOutputStream()
            .write("GET /health HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(UTF_8));
        // So that all threads of the server are there.
        assertThat(socket.getInputStream().read()).isEqualTo('H');
      }
    }
  }

  private static RankingServer start(String... settings) throws Exception {
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    List<String> all =
        new ArrayList<>(
            List.of(
                "port=0",
                "warmUpSeconds=0",
                "models.main.bundle=" + folder.resolve("compiled"),
                "models.slow.bundle=" + experiment.train("model", Progress.NONE).bundle()));
    all.addAll(List.of(settings));
    return RankingServer.start(loader.bind(ServerConfig.class, all, "the test"), loader);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static HttpResponse<String> post(RankingServer to, String model, String items)
      throws Exception {
    String body =
        """
        {"user": %d, "scenario": "feed", "context": {"hour": 3, "price": 12.5, "tags": ["a", "zz"]},
         "items": [%s], "model": "%s", "explain": true}
        """
            .formatted(USER, items, model);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/rank".formatted(to.port())))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    return ServedShop.CLIENT.send(request, BodyHandlers.ofString());
  }

  private static JsonNode explained(String model, String items) throws Exception {
    return JSON.readTree(post(server, model, items).body());
  }

  private static ScoreParts ofTheCommand() {
    return experiment
        .explain(
            "model",
            new ExplanationRequest(
                String.valueOf(USER),
                "feed",
                "i" + ITEM,
                Map.of("hour", "3", "price", "12.5", "tags", "a|zz"),
                Split.TEST,
                1,
                1),
            Progress.NONE)
        .rows()
        .get(0)
        .parts();
  }

  @Test
  void theNumbersAreThoseOfTheCommand() throws Exception {
    ScoreParts expected = ofTheCommand();

    for (String model : List.of("main", "slow")) {
      JsonNode answer = explained(model, "{\"id\": \"i4\"}, {\"id\": \"i%d\"}".formatted(ITEM));

      JsonNode item =
          answer.at(answer.at("/items/0/id").asText().equals("i4") ? "/items/1" : "/items/0");
      JsonNode explanation = item.get("explanation");
      assertThat(explanation.get("logit").asDouble()).isCloseTo(expected.logit(), within(1e-5));
      assertThat(explanation.get("probability").asDouble())
          .isCloseTo(expected.score(), within(1e-6))
          .isCloseTo(item.get("probability").asDouble(), within(1e-5));
      assertThat(explanation.get("terms")).hasSameSizeAs(expected.terms()).hasSize(2);
      double sum = 0;
      for (int i = 0; i < expected.terms().size(); i++) {
        JsonNode term = explanation.get("terms").get(i);
        assertThat(term.get("name").asText()).isEqualTo(expected.terms().get(i).name());
        assertThat(term.get("logit").asDouble())
            .isCloseTo(expected.terms().get(i).value(), within(1e-5));
        sum += term.get("logit").asDouble();
      }
      assertThat(sum).isCloseTo(explanation.get("logit").asDouble(), within(1e-5));
      assertThat(explanation.get("without").findValuesAsText("levels"))
          .containsExactly("user", "scenario", "item", "all");
      for (int i = 0; i < 4; i++) {
        JsonNode without = explanation.get("without").get(i);
        ScoreParts.Without other = expected.without().get(i);
        assertThat(without.get("logit").asDouble()).isCloseTo(other.logit(), within(1e-5));
        assertThat(without.get("change").asDouble()).isCloseTo(other.change(), within(1e-5));
        assertThat(without.has("share")).isEqualTo(i < 3);
      }
    }
  }

  @Test
  void valuesAreThoseOfTheRawFilesAndSayWhereTheyComeFrom() throws Exception {
    JsonNode answer =
        explained(
            "main",
            "{\"id\": \"i%d\", \"fields\": {\"price\": 9.5, \"kind\": \"none\"}}".formatted(ITEM));

    assertThat(texts(answer.at("/explanation/values")))
        .containsExactlyInAnyOrder(
            "hour \"3\" CONTEXT KNOWN",
            "tags [\"a\",\"zz\"] CONTEXT KNOWN",
            "city \"c%d\" STORED_USER KNOWN".formatted(USER % 9),
            "age %d.0 STORED_USER KNOWN".formatted(18 + USER % 60));
    assertThat(texts(answer.at("/items/0/explanation/values")))
        .containsExactlyInAnyOrder(
            "price 9.5 ITEM KNOWN",
            "kind \"none\" ITEM UNKNOWN",
            "words [\"w%d\",\"w%d\",\"w%d\"] STORED_ITEM KNOWN"
                .formatted(0, ITEM % 11, 2 * ITEM % 11));
    assertThat(answer.at("/explanation/head").asText()).isEqualTo("hierarchical");
    assertThat(answer.at("/explanation/knowledge").toString())
        .isEqualTo(
            "[{\"level\":\"user\",\"origin\":\"BUNDLE\"},{\"level\":\"scenario\",\"origin\":\"BUNDLE\"}]");
    assertThat(answer.at("/items/0/explanation/knowledge/0/origin").asText()).isEqualTo("BUNDLE");
  }

  private static List<String> texts(JsonNode values) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : values) {
      texts.add(
          "%s %s %s %s"
              .formatted(
                  value.get("column").asText(),
                  value.get("value"),
                  value.get("origin").asText(),
                  value.get("state").asText()));
    }
    return texts;
  }

  @Test
  void whatIsNotKnownIsSaidAndWhatCannotBeReadHasNoExplanation() throws Exception {
    JsonNode answer =
        explained("main", "{\"id\": \"new\"}, {\"id\": \"i1\", \"fields\": {\"price\": \"much\"}}");

    JsonNode unknown = answer.at("/items/0/explanation");
    assertThat(unknown.get("knowledge").toString())
        .isEqualTo("[{\"level\":\"item\",\"origin\":\"MISSING\"}]");
    assertThat(unknown.get("values").toString())
        .contains("{\"column\":\"kind\",\"origin\":\"STORED_ITEM\",\"state\":\"MISSING\"}");
    assertThat(answer.at("/items/1").has("explanation")).isFalse();
  }

  @Test
  void vectorsThatTheServerWasGivenAreSaidAndLeftOutOfReplay() throws Exception {
    Path log = folder.resolve("log");
    try (RankingServer logged = start("log={folder: '%s', sample: 1}".formatted(log))) {
      assertUpdatesAreSaid(logged);
      for (String past :
          List.of("", ", \"history\": [\"i3\", \"i5\"]", ", \"time\": null", ", \"time\": 900")) {
        String body =
            """
            {"user": 5, "scenario": "search", "model": "main",
             "context": {"hour": 3, "price": 1, "tags": "a" %s},
             "items": [{"id": "i3"}, {"id": "new", "fields": {"item_vector": %s}}]}
            """;
        assertThat(call(logged, "POST", "/v1/rank", body.formatted(past, VECTOR))).isEqualTo(200);
      }
    }

    try (Ranker ranker = Ranker.open(folder.resolve("compiled"))) {
      ReplayReport report =
          Replay.run(LoggedRequests.open(log.resolve("main")), ranker, Progress.NONE);
      assertThat(report.updated()).isEqualTo(1);
      assertThat(report.refusals()).isEmpty();
      assertThat(report.malformed()).isZero();
      assertThat(report.same().requests()).isEqualTo(4);
      assertThat(report.same().items()).isEqualTo(8);
      assertThat(report.same().largestDifference()).isLessThanOrEqualTo(1e-6);
    }
  }

  private static void assertUpdatesAreSaid(RankingServer logged) throws Exception {
    List<String> subjects = List.of("user/" + USER, "item/i" + ITEM);
    for (String subject : subjects) {
      String vector = "{\"vector\": %s}".formatted(VECTOR);
      assertThat(call(logged, "PUT", "/v1/knowledge/" + subject, vector)).isBetween(200, 299);
    }
    for (String model : List.of("main", "slow")) {
      String items = "{\"id\": \"i%d\"}, {\"id\": \"i2\"}".formatted(ITEM);
      JsonNode answer = JSON.readTree(post(logged, model, items).body());
      assertThat(answer.at("/explanation/knowledge/0/origin").asText()).isEqualTo("UPDATED");
      for (JsonNode item : answer.get("items")) {
        JsonNode explanation = item.get("explanation");
        assertThat(explanation.at("/knowledge/0/origin").asText())
            .isEqualTo(item.get("id").asText().equals("i2") ? "BUNDLE" : "UPDATED");
        assertThat(explanation.get("probability").asDouble())
            .isCloseTo(item.get("probability").asDouble(), within(1e-5));
      }
    }
    for (String subject : subjects) {
      assertThat(call(logged, "DELETE", "/v1/knowledge/" + subject, "")).isBetween(200, 299);
    }
  }

  private static int call(RankingServer to, String method, String path, String body)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(to.port(), path)))
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body))
            .build();
    return ServedShop.CLIENT.send(request, BodyHandlers.ofString()).statusCode();
  }

  @Test
  void tooManyItemsAreRefused() throws Exception {
    List<String> items = new ArrayList<>();
    for (int i = 0; i <= 100; i++) {
      items.add("{\"id\": \"i%d\"}".formatted(i));
    }
    HttpResponse<String> refused = post(server, "main", String.join(",", items));

    assertThat(refused.statusCode()).isEqualTo(413);
    assertThat(refused.body()).contains("serve/TOO_LARGE", "more than 100 items to explain");
    assertThat(post(server, "main", String.join(",", items.subList(0, 100))).statusCode())
        .isEqualTo(200);
  }

  @Test
  void grpcSaysTheSame() throws Exception {
    JsonNode expected = explained("main", "{\"id\": \"i%d\"}".formatted(ITEM));
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      RankResponse answer =
          ClientCalls.blockingUnaryCall(
              channel,
              RankingGrpc.RANK,
              CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
              request());
      assertSame(answer.getExplanation(), expected.get("explanation"));
      assertSame(answer.getItems(0).getExplanation(), expected.at("/items/0/explanation"));
    } finally {
      channel.shutdownNow();
    }
  }

  private static void assertSame(Struct struct, JsonNode expected) throws Exception {
    Struct.Builder parsed = Struct.newBuilder();
    JsonFormat.parser().merge(expected.toString(), parsed);
    assertThat(struct).isEqualTo(parsed.build());
  }

  private static RankRequest request() {
    Value.Builder tags = Value.newBuilder();
    List.of("a", "zz")
        .forEach(tag -> tags.getListValueBuilder().addValuesBuilder().setStringValue(tag));
    return RankRequest.newBuilder()
        .setUser(String.valueOf(USER))
        .setScenario("feed")
        .setModel("main")
        .setExplain(true)
        .putContext("hour", Value.newBuilder().setNumberValue(3).build())
        .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
        .putContext("tags", tags.build())
        .addItems(Item.newBuilder().setId("i" + ITEM))
        .build();
  }
}
