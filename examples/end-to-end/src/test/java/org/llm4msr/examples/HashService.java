package org.llm4msr.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** A service with the example's protocol on the loopback; it sums a random vector for each word. */
final class HashService implements AutoCloseable {

  private static final int DIMENSION = 16;

  private final ObjectMapper json = new ObjectMapper();
  private final AtomicInteger encoded = new AtomicInteger();
  private final HttpServer server;

  HashService() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/info", exchange -> send(exchange, info()));
    server.createContext(
        "/count",
        exchange ->
            send(
                exchange,
                Map.of("tokens", texts(exchange).stream().map(t -> words(t).length).toList())));
    server.createContext(
        "/encode",
        exchange -> {
          List<float[]> vectors = texts(exchange).stream().map(HashService::vector).toList();
          encoded.addAndGet(vectors.size());
          send(exchange, Map.of("vectors", vectors));
        });
    server.start();
  }

  String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  /** Returns how many texts were encoded. */
  int encoded() {
    return encoded.get();
  }

  private static Map<String, Object> info() {
    return Map.of(
        "model",
        "words",
        "revision",
        "1",
        "checksum",
        "ab".repeat(32),
        "state",
        "sum",
        "dimension",
        DIMENSION,
        "maxTokens",
        400);
  }

  private static String[] words(String text) {
    return text.strip().split("\\W+");
  }

  private static float[] vector(String text) {
    float[] sum = new float[DIMENSION];
    for (String word : words(text)) {
      Random random = new Random(word.hashCode());
      for (int i = 0; i < DIMENSION; i++) {
        sum[i] += (float) random.nextGaussian();
      }
    }
    return sum;
  }

  private List<String> texts(HttpExchange exchange) throws IOException {
    List<String> texts = new ArrayList<>();
    for (JsonNode text : json.readTree(exchange.getRequestBody()).path("texts")) {
      texts.add(text.textValue());
    }
    return texts;
  }

  private void send(HttpExchange exchange, Object answer) throws IOException {
    byte[] body = json.writeValueAsBytes(answer);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
