package org.llm4msr.runtime.experiment;

import java.nio.file.Path;

/**
 * The folders of an experiment.
 *
 * @param root the setting {@code workspace}, made absolute
 */
public record Workspace(Path root) {

  /** Returns the folder of the prepared data. */
  public Path prepared() {
    return root.resolve("prepared");
  }

  /** Returns the folder of the knowledge store. */
  public Path knowledge() {
    return root.resolve("knowledge");
  }

  /** Returns the folder of the knowledge from before a period of the training part. */
  public Path knowledgeBefore(int period, int periods) {
    return knowledge().resolve("before-%s-of-%s".formatted(period + 1, periods));
  }

  /** Returns the folder of a training run. */
  public Path run(String name) {
    return root.resolve("runs").resolve(name);
  }
}
