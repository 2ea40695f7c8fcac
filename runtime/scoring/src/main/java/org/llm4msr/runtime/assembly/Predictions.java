package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.FloatBuffer;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.tables.Batch;

/** Predictions of a model for the rows of a part, without gradients. */
public final class Predictions {

  private Predictions() {}

  /** Receives the rows of a part, batch after batch. */
  @FunctionalInterface
  public interface Consumer {

    /**
     * Reads one batch; both are reused for the next.
     *
     * @param probability of label 1; only the first {@code batch.size} are valid
     */
    void accept(Batch batch, float[] probability);
  }

  /** Predicts all rows of a part in file order. */
  public static void forEach(
      TrainableModel model, PreparedData data, Split split, int batchSize, Consumer consumer) {
    model
        .engine()
        .call(
            () -> {
              try (BatchSource source = data.sequential(split, batchSize)) {
                predict(model, source, batchSize, consumer);
              }
              return 0;
            });
  }

  private static void predict(
      TrainableModel model, BatchSource source, int batchSize, Consumer consumer) {
    model.engine().recordGradients(false);
    Batch batch = source.newBatch();
    float[] probability = new float[batchSize];
    while (source.next(batch)) {
      predict(model, batch, probability);
      consumer.accept(batch, probability);
    }
  }

  private static void predict(TrainableModel model, Batch batch, float[] probability) {
    try (NDManager manager = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray logits = model.forward(manager, batch, false, 0).logits();
      FloatBuffer values = model.engine().read(logits);
      for (int i = 0; i < batch.size; i++) {
        probability[i] = (float) (1 / (1 + Math.exp(-values.get(i))));
      }
    }
  }

  /**
   * Predicts one batch. Safe from several threads: the engine's thread predicts one batch after the
   * other.
   *
   * @param probability its first {@code batch.size} elements are filled
   */
  public static void of(TrainableModel model, Batch batch, float[] probability) {
    model
        .engine()
        .call(
            () -> {
              model.engine().recordGradients(false);
              predict(model, batch, probability);
              return 0;
            });
  }
}
