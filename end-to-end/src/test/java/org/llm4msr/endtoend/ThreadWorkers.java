package org.llm4msr.endtoend;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.peers.Ring;
import org.llm4msr.runtime.peers.RingLink;

/**
 * Workers that train one model as threads of this process. Models with normalisations cannot: these
 * threads take turns in the engine, and cannot wait for each other there.
 */
final class ThreadWorkers {

  private ThreadWorkers() {}

  /** Trains a run with copies of all tables. */
  static void train(Supplier<Experiment> experiment, String run, int workers) throws IOException {
    train(
        experiment,
        run,
        workers,
        false,
        ring -> new TrainingOptions(null, null, false, List.of(), ring, false, null));
  }

  /**
   * Trains a run, and returns the report of the first worker.
   *
   * @param experiment opens that of a worker
   * @param parts whether each has a part of the tables, so that they swap rows
   * @param options of a worker
   */
  static TrainingReport train(
      Supplier<Experiment> experiment,
      String run,
      int workers,
      boolean parts,
      Function<Exchange, TrainingOptions> options)
      throws IOException {
    List<ServerSocket> servers = new ArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
      servers.add(server);
      addresses.add(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
    }
    List<CompletableFuture<TrainingReport>> all = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      int own = rank;
      all.add(
          CompletableFuture.supplyAsync(
              () -> {
                Duration patience = Duration.ofMinutes(1);
                List<RingLink> links =
                    parts
                        ? RingLink.joinAll(own, addresses, servers.get(own), 3, patience)
                        : List.of(RingLink.join(own, addresses, servers.get(own), 3, patience));
                try (Exchange ring = new Ring(own, workers, links)) {
                  return experiment.get().train(run, options.apply(ring), Progress.NONE);
                }
              },
              task -> new Thread(task, "worker-" + own).start()));
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
    return all.get(0).join();
  }
}
