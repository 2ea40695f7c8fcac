package org.llm4msr.benchmarks;

import static java.util.Objects.requireNonNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.benchmarks.peers.PeerProcess;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.peers.Ring;
import org.llm4msr.runtime.peers.RingLink;
import org.llm4msr.runtime.tables.Partition;

/**
 * Times training steps of two workers of one thread each against one process of two threads, over
 * the same batches: the setup of {@link TrainingStepBenchmark}, or that with wide layers. All are
 * processes of their own, and the workers talk over loopback.
 *
 * <p>{@code benchmarks/run WorkersBenchmark [wide] [ROWS]}: ROWS are those of all tables, 100,000
 * unless said. The efficiency is the inverse of the ratio that it prints. {@code -Dbatch}, {@code
 * -Drounds} and {@code -Dsteps} in {@code LLM4MSR_JAVA_OPTS} as there.
 */
public final class WorkersBenchmark {

  private static final int WORKERS = 2;
  private static final String ROWS = "100000";
  private static final String WORKER = "worker";

  private static final int FIELDS = 12;
  private static final int USERS = 100_000;
  private static final int SCENARIOS = 3;
  private static final int BATCHES = 64;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private WorkersBenchmark() {}

  public static void main(String[] args) throws IOException {
    if (args.length > 0 && args[0].equals(WORKER)) {
      work(args);
      return;
    }
    boolean wide = args.length > 0 && args[0].equals("wide");
    int next = wide ? 1 : 0;
    List<String> setup = List.of(wide ? "wide" : "plain", args.length > next ? args[next] : ROWS);
    List<Contender> contenders = new ArrayList<>();
    try {
      contenders.add(Peer.start("one process, 2 threads", 1, WORKERS, false, setup));
      contenders.add(Peer.start("2 workers, 1 thread each", WORKERS, 1, false, setup));
      contenders.add(Peer.start("2 workers, tables in parts", WORKERS, 1, true, setup));
      Contest.run(contenders);
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  /** Runs a worker: says its port, reads those of all, and runs as many steps as each line says. */
  private static void work(String[] args) throws IOException {
    int rank = Integer.parseInt(args[1]);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    System.out.println(server.getLocalPort());
    List<InetSocketAddress> addresses =
        Arrays.stream(requireNonNull(lines.readLine()).split(" "))
            .map(port -> new InetSocketAddress(server.getInetAddress(), Integer.parseInt(port)))
            .toList();
    int workers = addresses.size();
    if (workers == 1) {
      server.close();
      run(args, null, Partition.WHOLE, lines);
      return;
    }
    try (Exchange ring =
        new Ring(rank, workers, RingLink.joinAll(rank, addresses, server, 7, PATIENCE))) {
      boolean partitioned = Boolean.parseBoolean(args[3]);
      Partition partition = partitioned ? new Partition(rank, workers) : Partition.WHOLE;
      run(args, ring, partition, lines);
    }
  }

  private static void run(
      String[] args, @Nullable Exchange ring, Partition partition, BufferedReader lines)
      throws IOException {
    RandomData data = new RandomData(FIELDS, Integer.parseInt(args[5]) / FIELDS, USERS, SCENARIOS);
    Setup setup = args[4].equals("wide") ? Setup.wide(data, Precision.FLOAT32) : Setup.plain(data);
    int threads = Integer.parseInt(args[2]);
    try (TensorEngine engine =
        TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", threads, "1GB", 0, false))) {
      OurStep step = new OurStep("", engine, setup, data.batches(BATCHES), partition);
      if (ring != null) {
        step.workIn(ring);
      }
      System.out.println(step.denseParameters());
      String line = lines.readLine();
      while (line != null && !line.equals("0")) {
        List<StepTime> times = step.time(Integer.parseInt(line));
        System.out.println(joined(times, StepTime::wall));
        System.out.println(joined(times, StepTime::processor));
        line = lines.readLine();
      }
      System.out.println(step.times());
    }
  }

  private static String joined(List<StepTime> times, ToDoubleFunction<StepTime> part) {
    return times.stream()
        .map(time -> String.valueOf(part.applyAsDouble(time)))
        .collect(Collectors.joining("\t"));
  }

  /** Workers that train one model, in a process each. */
  private static final class Peer implements Contender {

    private final String name;
    private final List<PeerProcess> processes;
    private final long denseParameters;

    private Peer(String name, List<PeerProcess> processes, long denseParameters) {
      this.name = name;
      this.processes = processes;
      this.denseParameters = denseParameters;
    }

    /**
     * Starts them.
     *
     * @param threads of each
     * @param partitioned whether each has a part of the tables
     * @param setup which model, and rows of the tables
     */
    static Peer start(
        String name, int workers, int threads, boolean partitioned, List<String> setup) {
      List<PeerProcess> processes = new ArrayList<>();
      for (int rank = 0; rank < workers; rank++) {
        List<String> arguments = new ArrayList<>(List.of(WORKER));
        arguments.addAll(List.of(String.valueOf(rank), String.valueOf(threads)));
        arguments.add(String.valueOf(partitioned));
        arguments.addAll(setup);
        processes.add(PeerProcess.java(WorkersBenchmark.class, arguments));
      }
      List<String> ports = processes.stream().map(process -> process.reply()[0]).toList();
      processes.forEach(process -> process.say(String.join(" ", ports)));
      long parameters = 0;
      for (PeerProcess process : processes) {
        parameters = Long.parseLong(process.reply()[0]);
      }
      return new Peer(name, processes, parameters);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public long denseParameters() {
      return denseParameters;
    }

    @Override
    public List<StepTime> time(int steps) {
      processes.forEach(process -> process.say(steps));
      double[] wall = new double[steps];
      double[] processor = new double[steps];
      for (PeerProcess process : processes) {
        String[] own = process.reply();
        String[] used = process.reply();
        for (int i = 0; i < steps; i++) {
          wall[i] = Math.max(wall[i], Double.parseDouble(own[i]));
          processor[i] += Double.parseDouble(used[i]);
        }
      }
      List<StepTime> times = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        times.add(new StepTime(wall[i], processor[i]));
      }
      return times;
    }

    /** Each says where its time went. */
    @Override
    public void close() {
      processes.forEach(process -> process.say(0));
      processes.forEach(
          process -> System.out.println(name + ": " + String.join(" ", process.reply())));
      processes.forEach(PeerProcess::close);
    }
  }
}
