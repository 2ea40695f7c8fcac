package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The hub's protocol on the loopback, as far as models need it: a hub, and a second server for the
 * content of large files, to which it redirects. The hub's own Python client has downloaded from
 * it. Each request for content takes one fault.
 */
final class FakeHub implements AutoCloseable {

  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  static final String REPOSITORY = "owner/tiny-model";

  /** A request, as a server saw it. */
  record Seen(String server, String path, String range, String authorization) {}

  final Map<String, byte[]> files = new LinkedHashMap<>();
  final Queue<String> faults = new ConcurrentLinkedQueue<>();
  final List<Seen> requests = new CopyOnWriteArrayList<>();

  /** The description of a revision that the hub sends in place of the true one. */
  String description;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub = server(this::hub);
  private final HttpServer content = server(this::content);

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private HttpServer server(Handler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              handler.handle(exchange);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String url() {
    return "http://localhost:" + hub.getAddress().getPort();
  }

  List<Seen> contentRequests() {
    return requests.stream().filter(seen -> !seen.path().startsWith("/api/")).toList();
  }

  private void note(String server, HttpExchange exchange) {
    requests.add(
        new Seen(
            server,
            exchange.getRequestURI().getPath(),
            exchange.getRequestHeaders().getFirst("Range"),
            exchange.getRequestHeaders().getFirst("Authorization")));
  }

  private void hub(HttpExchange exchange) throws IOException, InterruptedException {
    note("hub", exchange);
    String path = exchange.getRequestURI().getPath();
    String api = "/api/models/" + REPOSITORY + "/revision/";
    String resolve = "/" + REPOSITORY + "/resolve/";
    if (path.startsWith(api)) {
      if (faulty(exchange, new byte[0])) {
        return;
      }
      boolean known = List.of("main", "v1", COMMIT).contains(path.substring(api.length()));
      String body = description == null ? describe() : description;
      send(exchange, known ? 200 : 404, body.getBytes(UTF_8));
      return;
    }
    String file =
        path.startsWith(resolve)
            ? path.substring(path.indexOf('/', resolve.length()) + 1)
            : "no such file";
    byte[] bytes = files.get(file);
    if (bytes == null) {
      send(exchange, 404, new byte[0]);
      return;
    }
    exchange.getResponseHeaders().add("X-Repo-Commit", COMMIT);
    if (isLarge(file)) {
      exchange.getResponseHeaders().add("X-Linked-Etag", '"' + sha256(bytes) + '"');
      exchange.getResponseHeaders().add("X-Linked-Size", String.valueOf(bytes.length));
      exchange
          .getResponseHeaders()
          .add(
              "Location",
              "http://127.0.0.1:%d/%s?signature=x"
                  .formatted(content.getAddress().getPort(), sha256(bytes)));
      send(exchange, 302, "Found".getBytes(UTF_8));
    } else {
      exchange.getResponseHeaders().add("ETag", '"' + gitBlob(bytes) + '"');
      sendContent(exchange, bytes);
    }
  }

  private void content(HttpExchange exchange) throws IOException, InterruptedException {
    note("content", exchange);
    String checksum = exchange.getRequestURI().getPath().substring(1);
    for (byte[] bytes : files.values()) {
      if (sha256(bytes).equals(checksum)) {
        sendContent(exchange, bytes);
        return;
      }
    }
    send(exchange, 404, new byte[0]);
  }

  private void sendContent(HttpExchange exchange, byte[] bytes)
      throws IOException, InterruptedException {
    if (faulty(exchange, bytes)) {
      return;
    }
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range == null) {
      send(exchange, 200, bytes);
      return;
    }
    int from = Integer.parseInt(range.replaceAll("\\D", ""));
    if (from >= bytes.length) {
      send(exchange, 416, new byte[0]);
      return;
    }
    exchange
        .getResponseHeaders()
        .add("Content-Range", "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
    send(exchange, 206, Arrays.copyOfRange(bytes, from, bytes.length));
  }

  private boolean faulty(HttpExchange exchange, byte[] bytes)
      throws IOException, InterruptedException {
    String fault = faults.poll();
    if (fault == null || fault.equals("none")) {
      return false;
    }
    String[] words = fault.split(" ");
    switch (words[0]) {
      case "status" -> {
        if (words.length > 2) {
          exchange.getResponseHeaders().add("Retry-After", words[2]);
        }
        send(exchange, Integer.parseInt(words[1]), "why".getBytes(UTF_8));
      }
      case "cut" -> {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        if (from > 0) {
          exchange
              .getResponseHeaders()
              .add(
                  "Content-Range",
                  "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
        exchange.getResponseBody().write(bytes, from, Integer.parseInt(words[1]));
        exchange.getResponseBody().flush();
      }
      case "stall" -> {
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes, 0, 10);
        exchange.getResponseBody().flush();
        closed.await();
      }
      case "whole" -> send(exchange, 200, bytes); // Ignores the requested range.
      case "corrupt" -> {
        byte[] other = bytes.clone();
        other[other.length / 2] ^= 1;
        send(exchange, 200, other);
      }
      case "longer" -> send(exchange, 200, Arrays.copyOf(bytes, bytes.length + 5));
      case "redirect" -> {
        exchange.getResponseHeaders().add("Location", words[1]);
        send(exchange, 307, "Temporary Redirect".getBytes(UTF_8));
      }
      default -> throw new IllegalArgumentException(fault);
    }
    return true;
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().add("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private String describe() throws IOException {
    List<Map<String, Object>> siblings =
        files.entrySet().stream()
            .map(
                file -> {
                  Map<String, Object> sibling = new LinkedHashMap<>();
                  byte[] bytes = file.getValue();
                  sibling.put("rfilename", file.getKey());
                  sibling.put("size", bytes.length);
                  sibling.put("blobId", gitBlob(bytes));
                  if (isLarge(file.getKey())) {
                    sibling.put(
                        "lfs",
                        Map.of("sha256", sha256(bytes), "size", bytes.length, "pointerSize", 130));
                  }
                  return sibling;
                })
            .toList();
    return new ObjectMapper()
        .writeValueAsString(Map.of("id", REPOSITORY, "sha", COMMIT, "siblings", siblings));
  }

  private static boolean isLarge(String file) {
    return file.matches(".*\\.(onnx|safetensors|gguf|bin)");
  }

  static String sha256(byte[] bytes) {
    return hash("SHA-256", bytes);
  }

  /** The result of {@code git hash-object}. */
  static String gitBlob(byte[] bytes) {
    byte[] head = ("blob " + bytes.length + "\0").getBytes(UTF_8);
    byte[] all = Arrays.copyOf(head, head.length + bytes.length);
    System.arraycopy(bytes, 0, all, head.length, bytes.length);
    return hash("SHA-1", all);
  }

  private static String hash(String algorithm, byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    hub.stop(0);
    content.stop(0);
    threads.shutdownNow();
  }
}
