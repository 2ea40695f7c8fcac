package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.training.Trainer;
import org.llm4msr.runtime.training.TrainingListener;
import org.llm4msr.runtime.training.workers.Team;
import org.llm4msr.runtime.training.workers.Turns;

/**
 * How a run is trained, beside its configuration.
 *
 * @param bundle where the bundle is written; null for the run folder
 * @param from a bundle whose model a new run begins with; null to begin from scratch. The data must
 *     have been prepared as an extension of the bundle's
 * @param force whether a run of this name that is there is replaced, once this one has begun
 * @param listeners hear of the run, in this order
 * @param exchange with the other workers of the run, null for one process. All see the workspace;
 *     the first writes the run folder
 * @param partitioned whether each of these workers has a part of the tables in place of a copy
 * @param job names what trains, where it may be tried again: a run that it has begun is not
 *     replaced by force; null where it is not
 */
public record TrainingOptions(
    @Nullable Path bundle,
    @Nullable Path from,
    boolean force,
    List<TrainingListener> listeners,
    @Nullable Exchange exchange,
    boolean partitioned,
    @Nullable String job) {

  /** Begins from scratch or goes on, and writes the bundle to the run folder. */
  public static final TrainingOptions NONE = new TrainingOptions(null, null);

  public TrainingOptions {
    listeners = List.copyOf(listeners);
  }

  /** Trains without listeners, and goes on with a run of this name. */
  public TrainingOptions(@Nullable Path bundle, @Nullable Path from) {
    this(bundle, from, false, List.of());
  }

  /** Trains in one process. */
  public TrainingOptions(
      @Nullable Path bundle, @Nullable Path from, boolean force, List<TrainingListener> listeners) {
    this(bundle, from, force, listeners, null, false, null);
  }

  /** Returns whether this process writes the run folder. */
  boolean writes() {
    return exchange == null || exchange.rank() == 0;
  }

  /** Returns which rows of the tables this process has. */
  Partition partition() {
    return exchange == null || !partitioned
        ? Partition.WHOLE
        : new Partition(exchange.rank(), exchange.workers());
  }

  /** Opens what workers of a run share, the one that writes first. */
  <T extends AutoCloseable> T open(Supplier<T> opened) {
    return exchange == null ? opened.get() : Turns.open(exchange, opened);
  }

  /** Makes a trainer one of several, where there are more. */
  void join(Trainer trainer) {
    if (exchange != null) {
      trainer.workIn(new Team(exchange));
    }
  }
}
