package org.llm4msr.spark.train;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.job.Options;

/**
 * What to train.
 *
 * @param runtime where the runtime is
 * @param experiment the YAML file, at the same place on all nodes
 * @param run name of the run
 * @param workers N
 * @param threads of a worker
 * @param patienceSeconds how long a worker waits for another
 * @param overrides of settings
 * @param plugins more plugin folders, the same on every node
 * @param partitions whether each worker has a part of the tables
 * @param from a bundle to begin with; null to begin from scratch
 * @param force whether a run of this name is replaced
 * @param job the name of this job, which no other has
 */
record TrainRequest(
    RuntimePlace runtime,
    String experiment,
    String run,
    int workers,
    int threads,
    int patienceSeconds,
    List<String> overrides,
    List<String> plugins,
    boolean partitions,
    @Nullable String from,
    boolean force,
    String job)
    implements Serializable {

  /** Reads options. */
  static TrainRequest of(RuntimePlace runtime, int threads, String job, Options options) {
    return new TrainRequest(
        runtime,
        options.required("experiment"),
        options.or("run", "default"),
        number("workers", options.or("workers", "2")),
        threads,
        number("patience", options.required("patience")),
        List.copyOf(options.all("set")),
        List.copyOf(options.all("plugins")),
        Boolean.parseBoolean(options.optional("partition")),
        options.optional("from"),
        Boolean.parseBoolean(options.optional("force")),
        job);
  }

  private static int number(String name, String value) {
    if (!value.matches("[1-9]\\d{0,5}")) {
      throw Options.usage("--%s must be a whole number above 0".formatted(name));
    }
    return Integer.parseInt(value);
  }
}
