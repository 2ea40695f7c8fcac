package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.FieldValues;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.slf4j.LoggerFactory;

/** A server on the loopback interface, beside the ranker in this process. */
class ServerTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final int ITEMS = 40;

  @TempDir static Path folder;
  private static Path prepared;
  private static Path compiled;
  private static Ranker ranker;
  private static RankingServer server;

  @BeforeAll
  static void train() throws Exception {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), "training.epochs=1");
    prepared = experiment.prepare(false, Progress.NONE).folder();
    experiment.extract(false, Progress.NONE);
    compiled = folder.resolve("compiled");
    new Compiler(loader())
        .compile(Bundle.open(experiment.train("model", Progress.NONE).bundle()), compiled);
    ranker = Ranker.open(compiled);
    server = start("limits.items=" + ITEMS, "limits.body=8192");
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket
            .getOutputStream()
            .write(
                "GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
        socket.getInputStream().readAllBytes(); // So that all threads of the server are there.
      }
    }
  }

  @AfterAll
  static void end() {
    server.close();
    ranker.close();
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  private static RankingServer start(String... settings) {
    List<String> all =
        new ArrayList<>(List.of("port=0", "warmUpSeconds=0", "models.main.bundle=" + compiled));
    all.addAll(Arrays.asList(settings));
    return RankingServer.start(loader().bind(ServerConfig.class, all, "the test"), loader());
  }

  private static HttpResponse<String> post(RankingServer to, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/rank".formatted(to.port())))
            .POST(BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static String get(RankingServer from, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(from.port(), path));
    return CLIENT.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String code)
      throws IOException {
    assertThat(answer.body()).contains('"' + code + '"');
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(JSON.readTree(answer.body()).get("message").asText()).isNotBlank();
  }

  private static String request(int user, int items, String rest) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      ids.add("{\"id\": \"i%d\"}".formatted(i));
    }
    return """
        {"user": %d, "scenario": "feed", "context": {"hour": 3, "price": 12.5, "tags": "a"},
         "items": [%s] %s}
        """
        .formatted(user, String.join(",", ids), rest);
  }

  private static org.llm4msr.serving.ranker.RankRequest same(int user, int items) {
    List<RankItem> ranked = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      ranked.add(new RankItem("i" + i));
    }
    return new org.llm4msr.serving.ranker.RankRequest(user, "feed", ranked)
        .with(Map.of("hour", 3, "price", 12.5, "tags", "a"));
  }

  @Test
  void jsonHasTheBestItemsOfTheRanker() throws Exception {
    RankResult expected = ranker.rank(same(17, 30));
    int[] best = expected.best(5);

    JsonNode answer = JSON.readTree(post(server, request(17, 30, ", \"top\": 5")).body());

    assertThat(answer.get("model").asText()).isEqualTo("main");
    assertThat(answer.get("version").asText()).isEqualTo("compiled");
    assertThat(answer.get("items")).hasSize(5);
    for (int i = 0; i < best.length; i++) {
      JsonNode item = answer.get("items").get(i);
      assertThat(item.get("place").asInt()).isEqualTo(best[i]);
      assertThat(item.get("id").asText()).isEqualTo("i" + best[i]);
      assertThat((float) item.get("probability").asDouble())
          .isEqualTo(expected.probability(best[i]));
    }
  }

  @Test
  void anItemThatCannotBeReadSaysWhyAndTheOthersAreRanked() throws Exception {
    JsonNode answer =
        JSON.readTree(
            post(
                    server,
                    """
                    {"id": "r7", "user": "nobody", "scenario": "feed",
                     "context": {"hour": 3, "price": 12.5, "tags": []},
                     "items": [{"id": "i1", "fields": {"price": "much"}}, {"id": "new"}, {"id": "i2"}]}
                    """)
                .body());

    assertThat(answer.get("id").asText()).isEqualTo("r7");
    assertThat(answer.get("items").findValuesAsText("status"))
        .containsExactlyInAnyOrder("SCORED", "UNKNOWN", "MALFORMED");
    JsonNode last = answer.get("items").get(2);
    assertThat(last.get("id").asText()).isEqualTo("i1");
    assertThat(last.get("error").asText()).startsWith("[data/BAD_VALUE]").contains("'much'");
    assertThat(last.has("probability")).isFalse();
  }

  @Test
  void grpcHasTheProbabilitiesOfTheRanker() {
    RankResult expected = ranker.rank(same(17, 30));
    RankRequest.Builder request =
        RankRequest.newBuilder()
            .setUser("17")
            .setScenario("feed")
            .putContext("hour", Value.newBuilder().setNumberValue(3).build())
            .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
            .putContext("tags", Value.newBuilder().setStringValue("a").build());
    for (int i = 0; i < 30; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      RankResponse answer = call(channel, request.build());
      assertThat(answer.getItemsCount()).isEqualTo(30);
      answer
          .getItemsList()
          .forEach(
              item ->
                  assertThat(item.getProbability())
                      .isEqualTo(expected.probability(item.getPlace())));
      assertThat(answer.getItemsList().stream().map(item -> item.getPlace()))
          .containsExactlyElementsOf(Arrays.stream(expected.best(30)).boxed().toList());
      assertStatus(
          () -> call(channel, request.clone().setScenario("nix").build()),
          Status.Code.NOT_FOUND,
          "data/UNKNOWN_SCENARIO");
      assertStatus(
          () -> call(channel, request.clone().setModel("nix").build()),
          Status.Code.NOT_FOUND,
          "There is no model 'nix'. Ask for one of [main]");
      assertStatus(
          () -> call(channel, request.clone().addAllItems(request.getItemsList()).build()),
          Status.Code.RESOURCE_EXHAUSTED,
          "serve/TOO_LARGE");
    } finally {
      channel.shutdownNow();
    }
  }

  private static RankResponse call(ManagedChannel channel, RankRequest request) {
    return ClientCalls.blockingUnaryCall(
        channel,
        RankingGrpc.RANK,
        CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
        request);
  }

  private static void assertStatus(Runnable call, Status.Code code, String text) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            error -> assertThat(error.getStatus().getCode()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  @Test
  void flightScoresBatchesOfRows() throws Exception {
    RankResult expected = ranker.rank(same(17, 10));
    Map<String, List<String>> rows = new TreeMap<>();
    for (int i = 0; i < 10; i++) {
      Map.of("user", "17", "scenario", "feed", "item", "i" + i, "hour", "3", "price", "12.5")
          .forEach(
              (column, value) -> rows.computeIfAbsent(column, c -> new ArrayList<>()).add(value));
    }
    try (RankingServer flight = start()) {
      assertScored(Location.forGrpcInsecure("127.0.0.1", flight.port()), rows, expected);
    }
  }

  private static void assertScored(
      Location location, Map<String, List<String>> rows, RankResult expected) throws Exception {
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client = FlightClient.builder(allocator, location).build();
        VectorSchemaRoot root = root(rows, allocator)) {
      assertThatThrownBy(() -> exchange(client, root, "main"))
          .isInstanceOfSatisfying(
              FlightRuntimeException.class,
              error ->
                  assertThat(error.status().code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT))
          .hasMessageContaining("The rows have no column tags");
      assertThatThrownBy(() -> exchange(client, root, "nix"))
          .hasMessageContaining("There is no model 'nix'");
    }
    rows.put("tags", Collections.nCopies(10, "a"));
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client = FlightClient.builder(allocator, location).build();
        VectorSchemaRoot root = root(rows, allocator)) {
      List<Float> scores = exchange(client, root, "main");
      assertThat(scores).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(scores.get(i)).isCloseTo(expected.probability(i % 10), within(1e-5f));
      }
    }
  }

  private static VectorSchemaRoot root(Map<String, List<String>> rows, BufferAllocator allocator) {
    Schema schema =
        new Schema(
            rows.keySet().stream()
                .map(column -> Field.nullable(column, ArrowType.Utf8.INSTANCE))
                .toList());
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    rows.forEach(
        (column, values) -> {
          VarCharVector vector = (VarCharVector) root.getVector(column);
          for (int i = 0; i < values.size(); i++) {
            vector.setSafe(i, new Text(values.get(i)));
          }
          root.setRowCount(values.size());
        });
    return root;
  }

  /** Sends the rows twice. */
  private static List<Float> exchange(FlightClient client, VectorSchemaRoot root, String model)
      throws Exception {
    List<Float> scores = new ArrayList<>();
    try (FlightClient.ExchangeReaderWriter call = client.doExchange(FlightDescriptor.path(model))) {
      call.getWriter().start(root);
      for (int time = 0; time < 2; time++) {
        call.getWriter().putNext();
        call.getReader().next();
        Float4Vector answer = (Float4Vector) call.getReader().getRoot().getVector("probability");
        for (int i = 0; i < answer.getValueCount(); i++) {
          scores.add(answer.get(i));
        }
      }
      call.getWriter().completed();
    }
    return scores;
  }

  @Test
  void whatIsNotTakenSaysWhy() throws Exception {
    assertRefused(post(server, "{\"user\": 1"), 400, "serve/BAD_REQUEST");
    assertRefused(
        post(server, "{\"user\": 1, \"scenario\": \"nix\", \"items\": []}"),
        404,
        "data/UNKNOWN_SCENARIO");
    assertRefused(post(server, request(17, 3, ", \"model\": \"nix\"")), 404, "serve/NO_MODEL");
    assertRefused(post(server, request(17, ITEMS + 1, "")), 413, "serve/TOO_LARGE");
    assertRefused(post(server, " ".repeat(10_000)), 413, "serve/TOO_LARGE");
    assertRefused(
        post(server, request(17, 3, ""), "X-Timeout-Millis", "soon"), 400, "serve/BAD_REQUEST");
    assertThat(get(server, "/nix")).contains("\"serve/HTTP_404\"");
    assertThat(get(server, "/v1/rank")).contains("\"serve/HTTP_405\"");
    assertThat(post(server, request(17, ITEMS, "")).statusCode()).isEqualTo(200);
  }

  @Test
  void whatTakesLongerThanItMayIsTooLate() throws Exception {
    try (RankingServer large = start("limits.items=100000", "limits.body=10000000")) {
      assertRefused(
          post(large, request(17, 50_000, ""), "X-Timeout-Millis", "1"), 504, "rank/DEADLINE");
      String counted = "llm4msr_refused_requests_total{reason=\"rank/DEADLINE\"} 1.0";
      while (!get(large, "/metrics").contains(counted)) {
        Thread.onSpinWait(); // The thread that ranks has not seen yet that it may stop.
      }
    }
  }

  @Test
  void requestsUnderWayEndBeforeTheServer() throws Exception {
    RankingServer ending =
        start("limits.items=400000", "limits.body=40000000", "limits.timeoutMillis=60000");
    CompletableFuture<HttpResponse<String>> answer =
        CLIENT.sendAsync(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/v1/rank".formatted(ending.port())))
                .POST(BodyPublishers.ofString(request(17, 300_000, ", \"top\": 1")))
                .build(),
            BodyHandlers.ofString());
    while (!get(ending, "/metrics").contains("llm4msr_running_requests 1.0")) {
      assertThat(answer).isNotDone();
    }
    int port = ending.port();
    ending.close();

    assertThat(answer.get(1, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> new Socket("127.0.0.1", port)).isInstanceOf(ConnectException.class);
  }

  @Test
  void onlyThoseWithATokenAreServed() throws Exception {
    try (RankingServer closed = start("tokens=[first, second]")) {
      String body = request(17, 3, "");
      HttpResponse<String> refused = post(closed, body);
      assertRefused(refused, 401, "serve/NO_TOKEN");
      assertThat(refused.headers().firstValue("www-authenticate")).hasValue("Bearer");
      assertRefused(post(closed, body, "Authorization", "Bearer third"), 401, "serve/NO_TOKEN");
      assertRefused(post(closed, body, "Authorization", "second"), 401, "serve/NO_TOKEN");
      assertThat(post(closed, body, "Authorization", "bearer second").statusCode()).isEqualTo(200);
      assertThat(get(closed, "/metrics")).contains("serve/NO_TOKEN");
      assertThat(get(closed, "/ready")).contains("true");
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", closed.port()).usePlaintext().build();
      try {
        assertStatus(
            () -> call(channel, RankRequest.getDefaultInstance()), Status.Code.UNAUTHENTICATED, "");
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void withACertificateConnectionsAreEncrypted() throws Exception {
    Path store = folder.resolve("test.p12");
    Path certificate = folder.resolve("certificate.pem");
    Path key = folder.resolve("key.pem");
    keytool("-genkeypair", "-keystore", store, "-storepass", "secret", "-keyalg", "EC");
    KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
    Files.writeString(certificate, pem("CERTIFICATE", keys.getCertificate("mykey").getEncoded()));
    byte[] secret = keys.getKey("mykey", "secret".toCharArray()).getEncoded();
    Files.writeString(key, pem("PRIVATE KEY", secret));
    try (RankingServer encrypted = start("tls.certificate=" + certificate, "tls.key=" + key)) {
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("https://localhost:%d/v1/rank".formatted(encrypted.port())))
              .POST(BodyPublishers.ofString(request(17, 3, "")))
              .build();
      HttpClient trusting = HttpClient.newBuilder().sslContext(trusting(keys)).build();
      assertThat(trusting.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> CLIENT.send(request, BodyHandlers.ofString()))
          .isInstanceOf(SSLException.class);
    }
    Files.writeString(key, "no key");
    assertThatThrownBy(() -> start("tls.certificate=" + certificate, "tls.key=" + key))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/CERTIFICATE]")
        .hasMessageContaining("key.pem");
  }

  private static void keytool(Object... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    command.addAll(List.of("-dname", "CN=localhost", "-ext", "SAN=dns:localhost"));
    assertThat(new ProcessBuilder(command).redirectErrorStream(true).start().waitFor()).isZero();
  }

  private static String pem(String type, byte[] content) {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(content);
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(type, text);
  }

  private static SSLContext trusting(KeyStore keys) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("test", keys.getCertificate("mykey"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void accessesAreLoggedWithoutIdsUnlessAsked() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger("llm4msr.access");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    try {
      for (String with : List.of("off", "plain", "ids")) {
        try (RankingServer logged = start("accessLog=" + with)) {
          post(logged, request(17, 3, ", \"id\": \"a b\\n\""));
        }
      }
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list)
        .extracting(line -> line.getFormattedMessage().replaceAll("\\d+\\.\\d+ ms", "N ms"))
        .containsExactly(
            "POST /v1/rank 200 N ms scenario=feed items=3",
            "POST /v1/rank 200 N ms scenario=feed items=3 from=127.0.0.1 id=a?b? user=17");
  }

  @Test
  void usersAreSharedByWeightAndKeepTheirModel() throws Exception {
    try (RankingServer two =
        start(
            "models.main.weight=3",
            "models.other.bundle=" + compiled,
            "models.none.bundle=" + compiled,
            "models.none.weight=0")) {
      Map<String, Integer> users = new TreeMap<>();
      for (int user = 0; user < 400; user++) {
        String model = model(two, user);
        users.merge(model, 1, Integer::sum);
        if (user % 100 == 0) {
          assertThat(model(two, user)).isEqualTo(model);
        }
      }
      // Binomial with p = 1/4 and n = 400: a standard deviation is 8.7.
      assertThat(users.keySet()).containsExactly("main", "other");
      assertThat(users.get("other")).isBetween(65, 135);
      JsonNode named = JSON.readTree(post(two, request(1, 1, ", \"model\": \"none\"")).body());
      assertThat(named.get("model").asText()).isEqualTo("none");
    }
  }

  private static String model(RankingServer to, int user) throws Exception {
    return JSON.readTree(post(to, request(user, 1, "")).body()).get("model").asText();
  }

  @Test
  void metricsCountByModelAndScenario() throws Exception {
    try (RankingServer counted = start()) {
      double sum = 0;
      for (int user = 0; user < 3; user++) {
        JsonNode answer = JSON.readTree(post(counted, request(user, 4, "")).body());
        for (JsonNode item : answer.get("items")) {
          sum += (float) item.get("probability").asDouble();
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
              "llm4msr_refused_requests_total{reason=\"serve/BAD_REQUEST\"} 1.0",
              "llm4msr_model_info{digest=\"%s\",model=\"main\",version=\"compiled\"} 1"
                  .formatted(Bundle.peek(compiled).digest()));
      String counter = "llm4msr_probability_sum" + labels + "} ";
      double counted12 =
          lines.stream()
              .filter(line -> line.startsWith(counter))
              .mapToDouble(line -> Double.parseDouble(line.substring(counter.length())))
              .sum();
      assertThat(counted12).isCloseTo(sum, within(1e-6));
    }
  }

  @Test
  void metricsSayWhatValidationLeadsToExpect() throws Exception {
    Map<String, Object> training = Bundle.peek(compiled).manifest().training();
    JsonNode validation = JSON.valueToTree(training.get("validation"));
    Map<String, String> lines = new TreeMap<>();
    get(server, "/metrics")
        .lines()
        .filter(line -> line.startsWith("llm4msr_expected"))
        .forEach(line -> lines.put(line.replaceAll(" .*", ""), line.replaceAll(".* ", "")));

    for (JsonNode scenario : validation.get("scenarios")) {
      String label = "{model=\"main\",scenario=\"%s\"}".formatted(scenario.get("name").asText());
      assertThat(Double.parseDouble(lines.get("llm4msr_expected_probability" + label)))
          .isEqualTo(scenario.get("positives").asDouble() / scenario.get("rows").asDouble());
    }
    Map<String, Double> unknown = unknownShares();
    assertThat(unknown).containsKeys("hour", "city", "kind");
    unknown.forEach(
        (field, share) ->
            assertThat(
                    lines.get(
                        "llm4msr_expected_unknown_values{field=\"%s\",model=\"main\"}"
                            .formatted(field)))
                .isEqualTo(share.toString()));
  }

  private static Map<String, Double> unknownShares() {
    Map<String, Double> shares = new TreeMap<>();
    try (PreparedData data = PreparedData.open(prepared);
        BatchSource rows = data.sequential(Split.VALIDATION, 1000)) {
      Batch batch = rows.newBatch();
      assertThat(rows.next(batch)).isTrue();
      assertThat(batch.size).isEqualTo(data.manifest().rows().validation());
      for (int f = 0; f < batch.fields.size(); f++) {
        if (batch.fields.get(f) instanceof FieldValues.Ids ids) {
          long none = Arrays.stream(ids.ids(), 0, batch.size).filter(id -> id == 0).count();
          shares.put(data.manifest().fields().get(f).name(), none / (double) batch.size);
        }
      }
    }
    return shares;
  }

  @Test
  void theDescriptionNamesModelsAndScenarios() throws Exception {
    JsonNode description = JSON.readTree(get(server, "/openapi.json"));
    JsonNode properties = description.at("/components/schemas/RankRequest/properties");

    assertThat(properties.at("/scenario/enum")).hasToString("[\"feed\",\"search\"]");
    assertThat(properties.at("/model/enum")).hasToString("[\"main\"]");
  }

  @Test
  void theCommandServesUntilItIsTerminated() throws Exception {
    Path place = Files.createDirectory(folder.resolve("it's: a #command"));
    Path bundle = Files.createSymbolicLink(place.resolve("bundle"), compiled);
    Cli.Running serving = new Cli(place).start("serve", bundle.toString(), "-Dport=0");
    String address = "";
    while (address.isBlank()) {
      assertThat(serving.process().isAlive()).as("it serves").isTrue();
      Thread.sleep(50);
      address = Files.readString(serving.out(), UTF_8);
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address.strip() + "/v1/rank"))
            .POST(BodyPublishers.ofString(request(17, 3, "")))
            .build();
    assertThat(CLIENT.send(request, BodyHandlers.ofString()).body())
        .contains("\"model\":\"default\"");
    serving.process().destroy();
    Cli.Outcome outcome = serving.await();

    assertThat(outcome.code()).isEqualTo(143);
    assertThat(outcome.err()).contains("Ending the requests under way.").doesNotContain("cli/");
  }

  @Test
  void aServerThatCannotBeginLeavesNothing() {
    String port = "port=" + server.port();
    assertThatThrownBy(() -> start(port))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/ADDRESS]")
        .hasMessageContaining(String.valueOf(server.port()));
    assertThatThrownBy(() -> start("models.other.bundle=" + folder))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[bundle/NO_BUNDLE]");
    assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
        .filteredOn(name -> name.startsWith("llm4msr-rank"))
        .hasSize(Runtime.getRuntime().availableProcessors());
  }
}
