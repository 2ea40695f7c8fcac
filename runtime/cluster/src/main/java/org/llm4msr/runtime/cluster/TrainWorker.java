package org.llm4msr.runtime.cluster;

import com.google.inject.Guice;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.peers.Exchange;
import org.llm4msr.runtime.peers.Ring;
import org.llm4msr.runtime.peers.RingLink;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.Validation;

/**
 * Trains a run of an experiment as one of several workers, each in a process of its own; all see
 * its files. It is called with {@code experiment} (its file), {@code run}, {@code overrides} and
 * {@code plugins} (texts), {@code threads}, {@code rank}, {@code addresses} (host and port of each
 * worker, by rank), {@code server} (a {@link ServerSocket} that listens at this worker's; it is
 * closed), {@code secret} (a number that these workers alone know), and {@code patience} (seconds
 * to wait for another worker).
 *
 * <p>It returns {@code error}, the text of what no repetition mends, or {@code run}, {@code
 * bundle}, {@code steps}, {@code bestStep}, {@code auc} (of the validation part, or NaN), {@code
 * rowsPerSecond} and {@code sent} (bytes that this worker sent). It throws where another worker is
 * lost: the same call resumes from the last checkpoint.
 */
public final class TrainWorker implements Function<Object, Object> {

  private static final String LOST = "training/WORKER_LOST";

  /** A task that was repeated begins when the one before has let go of the run. */
  private static final ReentrantLock ONE = new ReentrantLock();

  private static final int MOST_MINUTES = 10;

  @Override
  public Object apply(Object argument) {
    return Errors.passOn(() -> inTurn(Settings.of(argument)));
  }

  private static Map<String, Object> inTurn(Settings settings) {
    try {
      if (!ONE.tryLock(MOST_MINUTES, TimeUnit.MINUTES)) {
        throw lost("another training of this process does not end", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw lost("it was interrupted", e);
    }
    try {
      return train(settings);
    } catch (MsrException e) {
      if (e.code().equals(LOST)) {
        throw e;
      }
      boolean ofUser = e.type() == ErrorType.USER;
      return Map.of("error", String.valueOf(e.getMessage()), "ofUser", ofUser);
    } finally {
      ONE.unlock();
    }
  }

  private static MsrException lost(String why, @Nullable Throwable cause) {
    return new MsrException(
        ErrorType.EXTERNAL, LOST, "The worker did not begin: " + why + ".", cause, true);
  }

  private static Map<String, Object> train(Settings settings) {
    try (Exchange exchange = exchange(settings)) {
      List<String> overrides = new ArrayList<>();
      overrides.add("runtime.threads=" + settings.number("threads"));
      overrides.addAll(settings.texts("overrides"));
      Experiment experiment =
          Guice.createInjector(new RuntimeModule(settings.plugins()))
              .getInstance(Experiments.class)
              .open(settings.folder("experiment"), overrides);
      TrainingReport report =
          experiment.train(
              settings.text("run"),
              new TrainingOptions(null, null, false, List.of(), exchange),
              Progress.NONE);
      return told(report, exchange == null ? 0 : exchange.sent());
    }
  }

  /** Returns null for one worker. */
  private static @Nullable Exchange exchange(Settings settings) {
    int rank = settings.number("rank").intValue();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String address : settings.texts("addresses")) {
      int colon = address.lastIndexOf(':');
      addresses.add(
          new InetSocketAddress(
              address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
    }
    if (addresses.size() < 2) {
      return null;
    }
    RingLink link =
        RingLink.join(
            rank,
            addresses,
            (ServerSocket) settings.required("server"),
            settings.number("secret").longValue(),
            Duration.ofSeconds(settings.number("patience").longValue()));
    return new Ring(rank, addresses.size(), link);
  }

  private static Map<String, Object> told(TrainingReport report, long sent) {
    TrainingResult result = report.result();
    Validation best = result.best();
    Map<String, Object> told = new HashMap<>();
    told.put("run", report.run().toString());
    told.put("bundle", report.bundle().toString());
    told.put("steps", result.steps());
    told.put("bestStep", result.bestStep());
    told.put("auc", best == null ? Double.NaN : best.result().overall().auc());
    told.put("rowsPerSecond", result.rowsPerSecond());
    told.put("leaks", report.leakFutureInteractions());
    told.put("sent", sent);
    return told;
  }
}
