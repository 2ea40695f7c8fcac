package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A service of its own process, with {@code POST /v1/embeddings} and faults that a test orders by
 * {@code POST /faults}, one per line. It writes to its socket itself, because no HTTP library lets
 * one break the protocol.
 */
final class EmbeddingService {

  static final int DIMENSION = 6;

  /** So many requests with the fault {@code meet} are answered once all of them are there. */
  static final int MEET = 3;

  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final CyclicBarrier meeting = new CyclicBarrier(MEET);

  /** A request, as the service saw it. */
  record Seen(String path, String authorization, String model, int texts) {}

  /** What a test asks for by {@code GET /seen}. */
  record Report(List<Seen> requests, int mostAtOnce) {}

  private record Body(String model, List<String> input, String encoding_format) {}

  private record Request(String path, Map<String, String> headers, String body) {}

  /** Prints the port, and ends with its standard input, so that it does not outlive the test. */
  public static void main(String[] args) throws IOException {
    EmbeddingService service = new EmbeddingService();
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    var threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task);
              thread.setDaemon(true);
              return thread;
            });
    threads.execute(
        () -> {
          while (true) {
            try {
              Socket socket = server.accept();
              threads.execute(() -> service.serve(socket));
            } catch (IOException e) {
              return;
            }
          }
        });
    System.out.println(server.getLocalPort());
    while (System.in.read() >= 0) {
      // Waits for the end.
    }
  }

  /** The vector of a text: six normal numbers that follow from it. */
  static float[] vector(String text) {
    Random random = new Random(text.hashCode());
    float[] vector = new float[DIMENSION];
    for (int k = 0; k < DIMENSION; k++) {
      vector[k] = (float) random.nextGaussian();
    }
    return vector;
  }

  private void serve(Socket socket) {
    try (socket) {
      while (answer(socket)) {
        // The next request of this connection.
      }
    } catch (IOException | InterruptedException e) {
      // The client has gone, or a fault was ordered.
    }
  }

  private boolean answer(Socket socket) throws IOException, InterruptedException {
    Request request = read(socket.getInputStream());
    if (request == null) {
      return false;
    }
    OutputStream out = socket.getOutputStream();
    switch (request.path()) {
      case "/faults" -> {
        faults.addAll(request.body().lines().toList());
        send(out, 200, "", "{}");
      }
      case "/seen" ->
          send(out, 200, "", JsonFixture.JSON.writeValueAsString(new Report(seen, most.get())));
      default -> embed(request, socket, out);
    }
    return !socket.isClosed();
  }

  private void embed(Request request, Socket socket, OutputStream out)
      throws IOException, InterruptedException {
    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
    try {
      Body body = JsonFixture.JSON.readValue(request.body(), Body.class);
      seen.add(
          new Seen(
              request.path(),
              String.valueOf(request.headers().get("authorization")),
              body.model(),
              body.input().size()));
      String fault = faults.poll();
      if (fault == null) {
        send(out, 200, "", right(body));
      } else {
        fail(fault.split(" ", 3), body, socket, out);
      }
    } finally {
      underWay.decrementAndGet();
    }
  }

  private static String right(Body body) throws JsonProcessingException {
    List<Object> data = new ArrayList<>();
    // Backwards: the protocol gives the order by index.
    for (int i = body.input().size() - 1; i >= 0; i--) {
      data.add(Map.of("object", "embedding", "index", i, "embedding", vector(body.input().get(i))));
    }
    return JsonFixture.JSON.writeValueAsString(
        Map.of("object", "list", "model", body.model() + "-0001", "data", data, "usage", Map.of()));
  }

  private void fail(String[] fault, Body body, Socket socket, OutputStream out)
      throws IOException, InterruptedException {
    String right = right(body);
    switch (fault[0]) {
      case "status" -> send(out, Integer.parseInt(fault[1]), "", "{\"error\": \"ordered\"}");
      case "retry-after" -> send(out, 503, "Retry-After: " + fault[1] + "\r\n", "");
      case "echo-key" -> send(out, 401, "", "wrong key " + fault[1]);
      case "meet" -> {
        meet();
        send(out, 200, "", right);
      }
      case "silent" -> untilTheClientHangsUp(socket);
      case "stall" -> {
        out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[".getBytes(ISO_8859_1));
        out.flush();
        untilTheClientHangsUp(socket);
      }
      case "reset" -> {
        socket.setSoLinger(true, 0);
        socket.close();
      }
      case "cut-body" -> {
        byte[] bytes = right.getBytes(UTF_8);
        out.write(head(200, "", bytes.length).getBytes(ISO_8859_1));
        out.write(bytes, 0, bytes.length / 2);
        socket.close();
      }
      case "cut-json" -> send(out, 200, "", right.substring(0, right.length() / 2));
      case "send" -> send(out, 200, "", fault[2]);
      case "die" -> Runtime.getRuntime().halt(3);
      default -> throw new IllegalArgumentException(fault[0]);
    }
  }

  private void meet() throws IOException, InterruptedException {
    try {
      meeting.await();
    } catch (BrokenBarrierException e) {
      throw new IOException(e);
    }
  }

  private static void untilTheClientHangsUp(Socket socket) throws IOException {
    if (socket.getInputStream().read() >= 0) {
      throw new IOException("another request came before the answer");
    }
    socket.close();
  }

  private static void send(OutputStream out, int status, String headers, String body)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    out.write(head(status, headers, bytes.length).getBytes(ISO_8859_1));
    out.write(bytes);
    out.flush();
  }

  private static String head(int status, String headers, int length) {
    return "HTTP/1.1 %d Ordered\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
        .formatted(status, headers, length);
  }

  private static Request read(InputStream in) throws IOException {
    String first = line(in);
    if (first == null) {
      return null;
    }
    Map<String, String> headers = new HashMap<>();
    for (String line = line(in); line != null && !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new EOFException();
    }
    return new Request(first.split(" ")[1], headers, new String(body, UTF_8));
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return null;
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(ISO_8859_1);
  }
}
