package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Hashes by Redis's protocol, with the faults of a bad day. */
final class FakeRedis implements AutoCloseable {

  /** What it does with what it is asked. */
  enum Mood {
    /** Answers. */
    WELL,
    /** Reads, and says nothing. */
    SILENT,
    /** Says what is no Redis. */
    RAVING,
    /** Says that it is loading. */
    LOADING
  }

  final Map<String, Map<String, String>> hashes = new ConcurrentHashMap<>();
  final Set<String> otherTypes = ConcurrentHashMap.newKeySet();
  volatile Mood mood = Mood.WELL;

  private final Set<Socket> clients = ConcurrentHashMap.newKeySet();

  /** Started ahead: a client that connects again while its last thread ends finds one. */
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(8, 64, 1, TimeUnit.MINUTES, new SynchronousQueue<>());

  private final int port;
  private @Nullable ServerSocket server;

  FakeRedis() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    port = server.getLocalPort();
    threads.prestartAllCoreThreads();
    accept(server);
  }

  int port() {
    return port;
  }

  /** Ends all connections, and takes none. */
  void kill() throws IOException {
    if (server != null) {
      server.close();
    }
    for (Socket client : clients) {
      client.close();
    }
    clients.clear();
  }

  /** Listens again, once the system has freed the port. */
  void restart() throws Exception {
    ServerSocket again = new ServerSocket();
    again.setReuseAddress(true);
    Await.until(
        () -> {
          try {
            again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
          } catch (BindException e) {
            throw new AssertionError(e);
          }
        });
    server = again;
    accept(again);
  }

  private void accept(ServerSocket from) {
    threads.execute(
        () -> {
          try {
            while (true) {
              Socket client = from.accept();
              clients.add(client);
              threads.execute(() -> serve(client));
            }
          } catch (IOException e) {
            // It was killed.
          }
        });
  }

  private void serve(Socket client) {
    try (client;
        DataInputStream in = new DataInputStream(new BufferedInputStream(client.getInputStream()));
        OutputStream out = client.getOutputStream()) {
      while (true) {
        List<String> command = command(in);
        String answer = answer(command);
        if (!answer.isEmpty()) {
          out.write(answer.getBytes(UTF_8));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // The connection ended.
    }
  }

  private static List<String> command(DataInputStream in) throws IOException {
    int parts = number(in);
    List<String> command = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      byte[] bytes = new byte[number(in)];
      in.readFully(bytes);
      in.readFully(new byte[2]);
      command.add(new String(bytes, UTF_8));
    }
    return command;
  }

  /** Reads a line such as {@code *2} or {@code $7}. */
  private static int number(DataInputStream in) throws IOException {
    in.readByte();
    StringBuilder digits = new StringBuilder();
    for (char next = (char) in.readByte(); next != '\r'; next = (char) in.readByte()) {
      digits.append(next);
    }
    in.readByte();
    return Integer.parseInt(digits.toString());
  }

  private String answer(List<String> command) {
    String name = command.get(0).toUpperCase(Locale.ROOT);
    if (name.equals("PING")) {
      return "+PONG\r\n";
    }
    if (!name.equals("HGETALL")) {
      return "+OK\r\n";
    }
    return switch (mood) {
      case SILENT -> "";
      case RAVING -> "HTTP/1.1 200 OK\r\n\r\n";
      case LOADING -> "-LOADING Redis is loading the dataset in memory\r\n";
      case WELL -> hash(command.get(1));
    };
  }

  private String hash(String key) {
    if (otherTypes.contains(key)) {
      return "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
    }
    Map<String, String> hash = hashes.getOrDefault(key, Map.of());
    StringBuilder answer = new StringBuilder("*" + 2 * hash.size() + "\r\n");
    hash.forEach(
        (column, value) -> {
          for (String text : List.of(column, value)) {
            answer.append('$').append(text.getBytes(UTF_8).length).append("\r\n");
            answer.append(text).append("\r\n");
          }
        });
    return answer.toString();
  }

  @Override
  public void close() throws IOException {
    threads.shutdown();
    try {
      do {
        kill(); // Once more, for a client that was being taken.
      } while (!threads.awaitTermination(50, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
