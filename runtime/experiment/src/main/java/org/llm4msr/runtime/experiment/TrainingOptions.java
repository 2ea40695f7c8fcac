package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.training.TrainingListener;

/**
 * How a run is trained, beside its configuration.
 *
 * @param bundle where the bundle is written; null for the run folder
 * @param from a bundle whose model a new run begins with; null to begin from scratch. The data must
 *     have been prepared as an extension of the bundle's
 * @param force whether a run of this name that is there is replaced, once this one has begun
 * @param listeners hear of the run, in this order
 */
public record TrainingOptions(
    @Nullable Path bundle, @Nullable Path from, boolean force, List<TrainingListener> listeners) {

  /** Begins from scratch or goes on, and writes the bundle to the run folder. */
  public static final TrainingOptions NONE = new TrainingOptions(null, null);

  public TrainingOptions {
    listeners = List.copyOf(listeners);
  }

  /** Trains without listeners, and goes on with a run of this name. */
  public TrainingOptions(@Nullable Path bundle, @Nullable Path from) {
    this(bundle, from, false, List.of());
  }
}
