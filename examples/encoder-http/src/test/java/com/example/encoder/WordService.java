package com.example.encoder;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A service on the loopback: a token is a word, a vector is (words, characters, their sum). */
final class WordService implements AutoCloseable {

  static final int MAX_TOKENS = 50;

  /** Wrong answers that are sent before right ones: a status, or a text with status 200. */
  final Queue<Object> faults = new ConcurrentLinkedQueue<>();

  final List<String> requests = new ArrayList<>();
  private final ObjectMapper json = new ObjectMapper();
  private final HttpServer server;

  private record Texts(List<String> texts) {}

  WordService() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.start();
  }

  String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(path + " " + exchange.getRequestHeaders().getFirst("Authorization"));
    Object fault = faults.poll();
    if (fault instanceof Integer status) {
      send(exchange, status, "");
    } else if (fault != null) {
      send(exchange, 200, (String) fault);
    } else {
      send(exchange, 200, json.writeValueAsString(right(path, exchange)));
    }
  }

  private Object right(String path, HttpExchange exchange) throws IOException {
    if (path.equals("/info")) {
      return Map.of(
          "model",
          "words",
          "revision",
          "1",
          "checksum",
          "ab".repeat(32),
          "state",
          "counts",
          "dimension",
          3,
          "maxTokens",
          MAX_TOKENS);
    }
    List<String> texts = json.readValue(exchange.getRequestBody(), Texts.class).texts();
    return path.equals("/count")
        ? Map.of("tokens", texts.stream().map(WordService::words).toList())
        : Map.of("vectors", texts.stream().map(WordService::vector).toList());
  }

  static int words(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  private static List<Integer> vector(String text) {
    return List.of(words(text), text.length(), text.chars().sum());
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
