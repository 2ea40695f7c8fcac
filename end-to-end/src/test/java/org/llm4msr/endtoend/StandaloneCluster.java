package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A master of Spark and its workers, each a process of its own on this machine. */
final class StandaloneCluster implements AutoCloseable {

  private final Path folder;
  private final Map<String, String> environment;
  private final int port;
  private final Process master;
  private final List<Process> workers = new ArrayList<>();

  /**
   * Starts a master.
   *
   * @param folder gets what processes write
   * @param environment with {@code SPARK_HOME}
   */
  StandaloneCluster(Path folder, Map<String, String> environment) throws Exception {
    this.folder = Files.createDirectories(folder);
    this.environment = environment;
    port = freePort();
    master = start("master", "master.Master", "--port", String.valueOf(port));
    assertThat(Await.whileAlive(master, this::listens)).as("the master listens").isTrue();
  }

  private static int freePort() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return server.getLocalPort();
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the address of the master. */
  String url() {
    return "spark://127.0.0.1:" + port;
  }

  /** Starts a worker with one core and 2 GB. */
  Process startWorker() throws IOException {
    String name = "worker-" + workers.size();
    Process worker =
        start(
            name,
            "worker.Worker",
            "--cores",
            "1",
            "--memory",
            "2g",
            "--work-dir",
            folder.resolve(name).toString(),
            url());
    workers.add(worker);
    return worker;
  }

  /** Returns whether an executor runs on a worker. */
  static boolean hasExecutor(Process worker) {
    return worker.descendants().anyMatch(SparkFolder::isExecutor);
  }

  /** Kills a worker and its executors, as a machine is lost. */
  static void kill(Process worker) {
    List<ProcessHandle> all = new ArrayList<>(List.of(worker.toHandle()));
    all.addAll(worker.descendants().toList());
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(process -> process.onExit().join());
  }

  private Process start(String name, String type, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(environment.get("SPARK_HOME"), "bin/spark-class").toString(),
                "org.apache.spark.deploy." + type,
                "--host",
                "127.0.0.1",
                "--webui-port",
                "0"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".log").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  @Override
  public void close() {
    workers.forEach(StandaloneCluster::kill);
    kill(master);
  }
}
