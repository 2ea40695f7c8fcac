package org.llm4msr.benchmarks.ranking;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server on the first processor, and this process on the second. */
final class ServerProcess implements AutoCloseable {

  private static final int HTTP_OK = 200;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Process process;
  private final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts a server of a folder of versions, and waits until it is ready. */
  static ServerProcess start(Path versions) throws IOException, InterruptedException {
    Path config = versions.resolveSibling("server.yaml");
    Files.writeString(config, "models: {default: {versions: '%s'}}\n".formatted(versions));
    pin("1", Long.toString(ProcessHandle.current().pid()));
    List<String> command =
        new ArrayList<>(List.of("taskset", "-c", System.getProperty("server.processors", "0")));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of(System.getProperty("peers"), "..", "..", "jvm.options").normalize());
    command.addAll(
        List.of(
            System.getProperty("server.options", "-Xms1g -Xmx1g -XX:+AlwaysPreTouch").split(" ")));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("org.llm4msr.cli.Main", "serve", "--config", config.toString()));
    command.addAll(List.of("-Dport=0", "-Dthreads=1", "-Dlimits.queue=256"));
    command.addAll(List.of(System.getProperty("server.settings", "-Dpage=true").split(" ")));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String address = out.readLine();
    if (address == null) {
      throw new IOException("The server ended; what it said stands above.");
    }
    return new ServerProcess(process, URI.create(address).getPort());
  }

  private static void pin(String processor, String pid) throws IOException, InterruptedException {
    new ProcessBuilder("taskset", "-a", "-p", "-c", processor, pid)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  int port() {
    return port;
  }

  /** Returns the bytes that were allocated on the heap until the last collection. */
  long allocated() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/metrics".formatted(port))).build();
    return CLIENT
        .send(request, HttpResponse.BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith("jvm_gc_memory_allocated_bytes_total"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** Has another version served, and waits until it is. */
  void choose(String version) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/models/default".formatted(port)))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"version\":\"" + version + "\"}"))
            .build();
    HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != HTTP_OK) {
      throw new IOException(answer.body());
    }
  }

  /** Returns the resident size of the process. */
  String resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .findFirst()
        .orElse("unknown");
  }

  @Override
  public void close() {
    process.destroy();
  }
}
