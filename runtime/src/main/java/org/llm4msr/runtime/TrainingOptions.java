package org.llm4msr.runtime;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a run is trained, beside its configuration.
 *
 * @param bundle where the bundle goes; null for the run folder
 * @param from a bundle with whose model a new run begins; null to begin anew. The data must have
 *     been prepared to extend the bundle's
 */
public record TrainingOptions(@Nullable Path bundle, @Nullable Path from) {

  /** Begins anew, and writes the bundle to the run folder. */
  public static final TrainingOptions NONE = new TrainingOptions(null, null);
}
