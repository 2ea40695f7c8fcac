package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.peers.TestRings;

/** A worker in a process of its own, which trains the net with normalisations. */
final class TeamWorker {

  static final TrainingConfig CONFIG =
      TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 2, 64);

  private TeamWorker() {}

  /**
   * Starts some workers.
   *
   * @param parts whether each has a part of the tables
   * @return the losses that each saw
   */
  static List<List<Float>> run(int workers, boolean parts) throws Exception {
    List<String> ports = new ArrayList<>();
    List<ServerSocket> free = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      free.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      ports.add(String.valueOf(free.get(rank).getLocalPort()));
    }
    for (ServerSocket socket : free) {
      socket.close();
    }
    List<Path> files = new ArrayList<>();
    List<Process> processes = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      files.add(Files.createTempFile("team-worker", ".txt"));
      List<String> line =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "@" + Path.of(System.getProperty("llm4msr.root"), "jvm.options"),
                  "-Xmx512m",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  TeamWorker.class.getName(),
                  String.valueOf(rank),
                  files.get(rank).toString(),
                  String.valueOf(parts)));
      line.addAll(ports);
      processes.add(new ProcessBuilder(line).inheritIO().start());
    }
    List<List<Float>> losses = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      assertThat(processes.get(rank).waitFor()).as("worker %d", rank).isZero();
      losses.add(Files.readAllLines(files.get(rank)).stream().map(Float::valueOf).toList());
      Files.delete(files.get(rank));
    }
    return losses;
  }

  public static void main(String[] arguments) throws Exception {
    int rank = Integer.parseInt(arguments[0]);
    List<InetSocketAddress> addresses =
        Arrays.stream(arguments)
            .skip(3)
            .map(
                port ->
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port)))
            .toList();
    InetSocketAddress own = addresses.get(rank);
    List<String> losses = new ArrayList<>();
    boolean parts = Boolean.parseBoolean(arguments[2]);
    ServerSocket server = new ServerSocket(own.getPort(), 8, own.getAddress());
    try (Exchange ring = TestRings.join(rank, addresses, server, parts)) {
      TeamStepTest.normalised(ring, parts).forEach(loss -> losses.add(String.valueOf(loss)));
    }
    Files.write(Path.of(arguments[1]), losses);
  }
}
