package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Takes what is created in a Kubernetes cluster, and runs nothing of it. */
final class FakeKubernetes implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<JsonNode> created = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  FakeKubernetes() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** Returns it as a master of Spark. */
  String master() {
    return "k8s://http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Returns what was created so far. */
  List<JsonNode> created(String kind) {
    return created.stream().filter(each -> each.path("kind").asText().equals(kind)).toList();
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    byte[] answer;
    int code = 200;
    if (exchange.getRequestMethod().matches("POST|PATCH|PUT") && body.length > 0) {
      ObjectNode given = (ObjectNode) JSON.readTree(body);
      created.add(given);
      given.withObject("/metadata").put("uid", "1").put("resourceVersion", "1");
      answer = JSON.writeValueAsBytes(given);
      code = exchange.getRequestMethod().equals("POST") ? 201 : 200;
    } else if (query.contains("watch=true")) {
      answer = new byte[0]; // Nothing happens.
    } else {
      answer =
          "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}"
              .getBytes(UTF_8);
    }
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, answer.length == 0 ? -1 : answer.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(answer);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
