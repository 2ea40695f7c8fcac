package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.llm4msr.api.Progress;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * A compiled bundle of {@link SmallShop}, trained once for all tests of this process that only read
 * it, and what tests ask servers with it. Items are named i0 to i149, users 0 to 59.
 */
final class ServedShop {

  static final List<String> SCENARIOS = List.of("feed", "search");
  static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Of version 1.1: of a long answer to the upgrade to version 2, the JDK loses bytes after 16 KB.
   */
  static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";

  private ServedShop() {}

  /** Trained when it is asked for first. */
  private static final class Trained {
    private static final Trained SHOP = new Trained();

    private final Path prepared;
    private final Path bundle;
    private final Path compiled;

    private Trained() {
      try {
        Path folder = SharedFolder.make("served-shop");
        SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
        Experiment experiment =
            Experiment.fromYaml(folder.resolve("experiment.yaml"), "training.epochs=1");
        prepared = experiment.prepare(false, Progress.NONE).folder();
        experiment.extract(false, Progress.NONE);
        compiled = folder.resolve("compiled");
        bundle = experiment.train("model", Progress.NONE).bundle();
        new Compiler(loader()).compile(Bundle.open(bundle), compiled);
        serve(compiled).close(); // Threads of Armeria that stay are none that a test leaves.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Trains before the first test, so that no thread of a library seems left by that test. */
  static void train() {
    assertThat(compiled()).isDirectory();
  }

  /** Returns the compiled bundle. */
  static Path compiled() {
    return Trained.SHOP.compiled;
  }

  /** Returns the bundle that was compiled. */
  static Path bundle() {
    return Trained.SHOP.bundle;
  }

  /** Returns the prepared data that it was trained with. */
  static Path prepared() {
    return Trained.SHOP.prepared;
  }

  static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  /**
   * Starts a server with the bundle as the model {@code main}; the caller closes it.
   *
   * @param settings more of them
   */
  static RankingServer start(String... settings) {
    return serve(compiled(), settings);
  }

  /** Starts a server with a bundle. */
  static RankingServer serve(Path bundle, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of("port=0", "warmUpSeconds=0", "drainSeconds=0", "models.main.bundle=" + bundle));
    all.addAll(Arrays.asList(settings));
    ConfigLoader loader = loader();
    return RankingServer.start(loader.bind(ServerConfig.class, all, "the test"), loader);
  }

  /** Starts a server for several tests: all its threads run, so that none seems left by a test. */
  static RankingServer startForAll(String... settings) {
    return withAllThreads(start(settings));
  }

  /** Makes a server begin all its threads of the network. */
  static RankingServer withAllThreads(RankingServer server) {
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        socket.getOutputStream().write(HEALTH.getBytes(UTF_8));
        assertThat(socket.getInputStream().read()).isEqualTo('H');
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  /** Returns where a server has something. */
  static URI at(RankingServer server, String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
  }

  static HttpResponse<String> post(RankingServer to, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at(to, "/v1/rank"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  /** Returns the probabilities of rows that one batch sends over Flight. */
  static float[] overFlight(RankingServer to, VectorSchemaRoot rows) throws Exception {
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client =
            FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", to.port()))
                .build();
        FlightClient.ExchangeReaderWriter call = client.doExchange(FlightDescriptor.path("main"))) {
      call.getWriter().start(rows);
      call.getWriter().putNext();
      assertThat(call.getReader().next()).isTrue();
      Float4Vector found = (Float4Vector) call.getReader().getRoot().getVector("probability");
      float[] probabilities = new float[found.getValueCount()];
      for (int row = 0; row < probabilities.length; row++) {
        probabilities[row] = found.get(row);
      }
      call.getWriter().completed();
      return probabilities;
    }
  }

  /** Sends a message. */
  static RankResponse call(ManagedChannel channel, org.llm4msr.protocol.v1.RankRequest request) {
    return ClientCalls.blockingUnaryCall(
        channel,
        RankingGrpc.RANK,
        CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
        request);
  }

  static String get(RankingServer from, String path) throws Exception {
    return CLIENT
        .send(HttpRequest.newBuilder(at(from, path)).build(), BodyHandlers.ofString())
        .body();
  }

  static void assertRefused(HttpResponse<String> answer, int status, String code)
      throws IOException {
    assertThat(answer.body()).contains('"' + code + '"');
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(JSON.readTree(answer.body()).get("message").asText()).isNotBlank();
  }

  /**
   * Returns a request for the first items.
   *
   * @param rest more keys, after a comma
   */
  static String request(int user, int items, String rest) {
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

  /** Returns the same for a ranker. */
  static RankRequest same(int user, int items) {
    List<RankItem> ranked = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      ranked.add(new RankItem("i" + i));
    }
    return new RankRequest(user, "feed", ranked)
        .with(Map.of("hour", 3, "price", 12.5, "tags", "a"));
  }
}
