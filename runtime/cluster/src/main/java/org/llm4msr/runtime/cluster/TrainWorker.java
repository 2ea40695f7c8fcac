package org.llm4msr.runtime.cluster;

import com.google.inject.Guice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.peers.Ring;
import org.llm4msr.runtime.peers.RingLink;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.Validation;
import org.llm4msr.runtime.training.workers.Turns;

/**
 * Trains a run of an experiment as one of several workers, each in a process of its own; all see
 * its files. It is called with {@code experiment} (its file), {@code run}, {@code overrides} and
 * {@code plugins} (texts), {@code threads}, {@code rank}, {@code addresses} (host and port of each
 * worker, by rank), {@code server} (a {@link ServerSocket} that listens at this worker's; it is
 * closed), {@code secret} (a number that these workers alone know), {@code attempt} (how often it
 * was tried before), {@code patience} (seconds to wait for another worker), {@code partition}
 * (whether each worker has a part of the tables), {@code from} (a bundle to begin with, or null),
 * {@code force} (whether a run that another job began is replaced) and {@code job} (its name).
 *
 * <p>It returns {@code error}, the text of what no repetition mends, or {@code run}, {@code
 * bundle}, {@code steps}, {@code bestStep}, {@code auc} (of the validation part, or NaN), {@code
 * rowsPerSecond}, {@code sent} (bytes that this worker sent) and {@code leaks}; and {@code
 * warnings}, a line each. It throws where another worker is lost: the same call resumes from the
 * last checkpoint.
 */
public final class TrainWorker implements Function<Object, Object> {

  private static final String LOST = "training/WORKER_LOST";
  private static final String FAILED = "training/WORKER_FAILED";

  private static final String LOCK = "run.lock";

  /** A task that was repeated begins when the one before has let go of the run. */
  private static final Object ONE = new Object();

  private static final Duration LOCK_PATIENCE = Duration.ofMinutes(10);
  private static final Duration POLL = Duration.ofMillis(200);

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(
        settings::plugins,
        () -> {
          synchronized (ONE) {
            return trainOrTell(settings);
          }
        });
  }

  private static Map<String, Object> trainOrTell(Settings settings) {
    try (Warnings warnings = Warnings.collect()) {
      Map<String, Object> told = new HashMap<>(trainOrFail(settings));
      told.put("warnings", warnings.lines());
      return told;
    }
  }

  private static Map<String, Object> trainOrFail(Settings settings) {
    try {
      return train(settings);
    } catch (MsrException e) {
      if (e.code().equals(LOST)) {
        throw e;
      }
      boolean ofUser = e.type() == ErrorType.USER;
      return Map.of("error", String.valueOf(e.getMessage()), "ofUser", ofUser);
    }
  }

  /** An experiment, which nothing has to close. */
  private record Opened(Experiment experiment) implements AutoCloseable {

    @Override
    public void close() {}
  }

  private static Map<String, Object> train(Settings settings) {
    try (Exchange exchange = exchange(settings)) {
      try {
        return train(settings, exchange);
      } catch (RuntimeException | Error e) {
        MsrException known = Errors.explain(e, settings::plugins, name(settings));
        if (exchange != null && !known.code().equals(LOST) && !known.code().equals(FAILED)) {
          exchange.fail(known.type(), String.valueOf(known.getMessage()));
        }
        throw known;
      }
    }
  }

  private static String name(Settings settings) {
    int rank = settings.number("rank").intValue();
    return "Worker %d of %d".formatted(rank + 1, settings.texts("addresses").size());
  }

  private static Map<String, Object> train(Settings settings, @Nullable Exchange exchange) {
    Supplier<Opened> open = () -> new Opened(open(settings));
    Opened opened = exchange == null ? open.get() : Turns.open(exchange, open);
    TrainingReport report =
        opened.experiment().train(settings.text("run"), options(settings, exchange), Progress.NONE);
    return told(report, exchange == null ? 0 : exchange.sent());
  }

  private static TrainingOptions options(Settings settings, @Nullable Exchange exchange) {
    String from = settings.optional("from");
    return new TrainingOptions(
        null,
        from == null ? null : Path.of(from),
        settings.is("force"),
        List.of(),
        exchange,
        settings.is("partition"),
        settings.optional("job"));
  }

  private static Experiment open(Settings settings) {
    List<String> overrides = new ArrayList<>();
    overrides.add("runtime.threads=" + settings.number("threads"));
    overrides.addAll(settings.texts("overrides"));
    Experiment experiment =
        Guice.createInjector(new RuntimeModule(settings.plugins()))
            .getInstance(Experiments.class)
            .open(settings.folder("experiment"), overrides);
    if (settings.number("rank").intValue() == 0 && settings.number("attempt").intValue() > 0) {
      awaitFormer(experiment.workspace().run(settings.text("run")).resolve(LOCK));
    }
    return experiment;
  }

  /** The first worker of the attempt before may be elsewhere, and about to end. */
  private static void awaitFormer(Path lock) {
    long end = System.nanoTime() + LOCK_PATIENCE.toNanos();
    try {
      while (FolderLock.isHeld(lock) && System.nanoTime() < end) {
        LockSupport.parkNanos(POLL.toNanos());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
    ServerSocket server = (ServerSocket) settings.required("server");
    long secret = settings.number("secret").longValue();
    Duration patience = Duration.ofSeconds(settings.number("patience").longValue());
    List<RingLink> links =
        settings.is("partition")
            ? RingLink.joinAll(rank, addresses, server, secret, patience)
            : List.of(RingLink.join(rank, addresses, server, secret, patience));
    return new Ring(rank, addresses.size(), links);
  }

  static Map<String, Object> told(TrainingReport report, long sent) {
    TrainingResult result = report.result();
    Validation best = result.best();
    Map<String, Object> told = new HashMap<>();
    told.put("run", report.run().toString());
    told.put("bundle", report.bundle().toString());
    told.put("steps", result.steps());
    told.put("bestStep", result.bestStep());
    told.put("auc", best == null ? Double.NaN : best.result().overall().auc());
    told.put("validation", report.validation());
    told.put("rowsPerSecond", result.rowsPerSecond());
    told.put("leaks", report.leakFutureInteractions());
    told.put("sent", sent);
    return told;
  }
}
