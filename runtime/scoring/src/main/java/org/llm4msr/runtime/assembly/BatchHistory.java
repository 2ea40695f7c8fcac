package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.history.HistoryFeatures;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.tables.Workers;

/** The similarities of the rows of one batch to their users' histories. */
final class BatchHistory {

  private static final int PART_OF_HEAP = 4;
  private static final int ROWS_AHEAD = 4096;

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

  /**
   * Makes the similarities of rows of one prepared data, which come again and again.
   *
   * @param mkl whether the engine has it
   */
  static BatchHistory ofPrepared(ModelHistory history, Workers workers, boolean mkl) {
    long bytes = Runtime.getRuntime().maxMemory() / PART_OF_HEAP;
    return new BatchHistory(history, HistoryFeatures.keeping(history, workers, bytes, mkl));
  }

  /** Computes and keeps the numbers of all rows of a part, user by user, if there is room. */
  void computeAhead(PreparedData data, Split part) {
    if (!features.keeps(data.manifest().rows().of(part))) {
      return;
    }
    try (BatchSource source = data.byUser(part, ROWS_AHEAD)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        features.fill(batch, numbers.floats((long) batch.size * width));
      }
    }
  }

  /** Computes the numbers of the rows of a batch: (B, n). */
  NDArray compute(NDManager step, Batch batch) {
    features.fill(batch, numbers.floats((long) batch.size * width));
    return numbers.array(step, new Shape(batch.size, width));
  }
}
