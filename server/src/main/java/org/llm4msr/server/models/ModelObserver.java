package org.llm4msr.server.models;

import org.jspecify.annotations.Nullable;

/** Is told which models are served. */
public interface ModelObserver {

  /**
   * A model is served from now on.
   *
   * @param before the version in whose place it is; null for the first
   */
  void served(ServedModel model, @Nullable ServedModel before);

  /** A version of a model was rejected. */
  void rejected(String model, Rejected version);
}
