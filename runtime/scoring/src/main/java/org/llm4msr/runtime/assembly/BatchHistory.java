package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.runtime.knowledge.history.HistoryFeatures;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.Workers;

/** The similarities of the rows of one batch to their users' histories. */
final class BatchHistory {

  private final HistoryFeatures features;
  private final int width;
  private final BatchInputs numbers = new BatchInputs();

  BatchHistory(ModelHistory history, Workers workers) {
    features = new HistoryFeatures(history, workers);
    width = history.layout().width();
  }

  /** Computes the numbers of the rows of a batch: (B, n). */
  NDArray compute(NDManager step, Batch batch) {
    features.fill(batch, numbers.floats((long) batch.size * width));
    return numbers.array(step, new Shape(batch.size, width));
  }
}
