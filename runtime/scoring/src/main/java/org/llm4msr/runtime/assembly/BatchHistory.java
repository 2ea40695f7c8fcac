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

  private static final int PART_OF_HEAP = 4;

  private final HistoryFeatures features;
  private final int width;
  private final BatchInputs numbers = new BatchInputs();

  private BatchHistory(ModelHistory history, HistoryFeatures features) {
    this.features = features;
    width = history.layout().width();
  }

  /** Makes the similarities of any rows. */
  static BatchHistory of(ModelHistory history, Workers workers) {
    return new BatchHistory(history, new HistoryFeatures(history, workers));
  }

  /** Makes the similarities of rows of one prepared data, which come again and again. */
  static BatchHistory ofPrepared(ModelHistory history, Workers workers) {
    long bytes = Runtime.getRuntime().maxMemory() / PART_OF_HEAP;
    return new BatchHistory(history, HistoryFeatures.keeping(history, workers, bytes));
  }

  /** Computes the numbers of the rows of a batch: (B, n). */
  NDArray compute(NDManager step, Batch batch) {
    features.fill(batch, numbers.floats((long) batch.size * width));
    return numbers.array(step, new Shape(batch.size, width));
  }
}
