package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a run is trained, beside its configuration.
 *
 * @param bundle where the bundle is written; null for the run folder
 * @param from a bundle whose model a new run begins with; null to begin from scratch. The data must
 *     have been prepared as an extension of the bundle's
 */
public record TrainingOptions(@Nullable Path bundle, @Nullable Path from) {

  /** Begins from scratch, and writes the bundle to the run folder. */
  public static final TrainingOptions NONE = new TrainingOptions(null, null);
}
