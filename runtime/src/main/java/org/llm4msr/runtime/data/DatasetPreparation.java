package org.llm4msr.runtime.data;

import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;

/** Makes prepared data of what a reader emits. */
public final class DatasetPreparation {

  private DatasetPreparation() {}

  /**
   * Prepares, or finds that it was done already.
   *
   * @param progress told of rows
   */
  @SuppressWarnings("DoNotCallSuggester")
  public static PreparationResult prepare(
      DatasetReader reader, PreparationRequest request, Progress progress) {
    throw new UnsupportedOperationException("lands with the preparation: " + request);
  }
}
