package org.llm4msr.runtime.data.preparation;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.DatasetConfig;

/**
 * What to prepare, and with which means.
 *
 * @param config scenarios, split and vocabulary floor
 * @param target folder of the prepared data; its parent also holds the temporaries
 * @param memoryBytes memory that the database may use, apart from the Java heap
 * @param threads threads; the result does not depend on them
 * @param force whether prepared data at the target is replaced, whatever its settings
 * @param extend folder of prepared data whose ids are kept, null for none
 * @param experiment the experiment's file as the user named it, for error texts
 */
public record PreparationRequest(
    DatasetConfig config,
    Path target,
    long memoryBytes,
    int threads,
    boolean force,
    @Nullable Path extend,
    String experiment) {

  /** Makes a request of no particular file. */
  public PreparationRequest(
      DatasetConfig config, Path target, long memoryBytes, int threads, boolean force) {
    this(config, target, memoryBytes, threads, force, null, "FILE");
  }

  public PreparationRequest {
    requireNonNull(config, "config is null");
    requireNonNull(target, "target is null");
  }
}
