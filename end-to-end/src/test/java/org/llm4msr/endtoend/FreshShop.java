package org.llm4msr.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.compiler.Compiler;

/**
 * A compiled model to which the ids of users and items tell nothing, so that who is given the
 * vector and the fields of another is ranked as that one.
 */
final class FreshShop {

  static final List<String> SCENARIOS = List.of("feed", "search");

  private static final ObjectMapper JSON = new ObjectMapper();

  final Path plain;
  final Path compiled;

  private FreshShop(Path plain, Path compiled) {
    this.plain = plain;
    this.compiled = compiled;
  }

  private static @Nullable FreshShop trained;

  /** Returns the model, trained once for all tests of this process, which only read it. */
  static synchronized FreshShop trained() throws IOException {
    if (trained == null) {
      trained = train(SharedFolder.make("fresh-shop"));
      trained.start().close(); // Threads of Armeria that stay are none that a test leaves.
    }
    return trained;
  }

  private static FreshShop train(Path folder) throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Experiment experiment =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"),
            "dataset.minFrequency=100",
            "training.epochs=6",
            "training.optimizer.learningRate=0.03",
            "knowledge.items={}",
            "knowledge.history={length: 5, bins: 3}",
            "model.itemKnowledge={width: 4}");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Path plain = experiment.train("model", Progress.NONE).bundle();
    Path compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(plain), compiled);
    return new FreshShop(plain, compiled);
  }

  static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  /** Starts a server with the model, at a port of its own. */
  RankingServer start(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "port=0", "warmUpSeconds=0", "drainSeconds=0", "models.main.bundle=" + compiled));
    all.addAll(List.of(settings));
    return RankingServer.start(loader().bind(ServerConfig.class, all, "the test"), loader());
  }

  /** Returns the stored vector of a user. */
  float[] user(String key) {
    return vector(Bundle.open(plain).knowledge().users(), key);
  }

  /** Returns the stored vector of an item. */
  float[] item(String key) {
    return vector(Bundle.open(plain).knowledge().items(), key);
  }

  /** Returns the stored vector of a scenario. */
  float[] scenario(String key) {
    return vector(Bundle.open(plain).knowledge().scenarios(), key);
  }

  /** Returns the mean of the stored vectors of all scenarios. */
  float[] meanOfScenarios() {
    float[] mean = new float[scenario(SCENARIOS.get(0)).length];
    for (String key : SCENARIOS) {
      float[] vector = scenario(key);
      for (int k = 0; k < mean.length; k++) {
        mean[k] += vector[k] / SCENARIOS.size();
      }
    }
    return mean;
  }

  private static float[] vector(KnowledgeSource source, String key) {
    float[] vector = new float[source.dimension()];
    if (!source.read(key, vector)) {
      throw new AssertionError("no vector of " + key);
    }
    return vector;
  }

  /** Sends a request; an empty body is none. */
  static HttpResponse<String> call(
      RankingServer server, String method, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path)))
            .header("Content-Type", "application/json")
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return ServedShop.CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  /** Returns the probabilities by the places of items of a request that must be answered. */
  static float[] rank(RankingServer server, String body) throws Exception {
    HttpResponse<String> answer = call(server, "POST", "/v1/rank", body);
    if (answer.statusCode() != 200) {
      throw new AssertionError(answer.body());
    }
    JsonNode items = JSON.readTree(answer.body()).get("items");
    float[] probabilities = new float[items.size()];
    for (JsonNode item : items) {
      if (!item.has("probability")) {
        throw new AssertionError(item.toString());
      }
      probabilities[item.get("place").asInt()] = (float) item.get("probability").asDouble();
    }
    return probabilities;
  }

  /** Returns a line of the metrics, without its name and labels; 0 where it is not there. */
  static double metric(RankingServer server, String name) throws Exception {
    return call(server, "GET", "/metrics", "")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }
}
