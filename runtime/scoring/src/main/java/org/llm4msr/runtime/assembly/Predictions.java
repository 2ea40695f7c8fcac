package org.llm4msr.runtime.assembly;

import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;

/** Predictions of a model in training for the rows of a part, without gradients. */
public final class Predictions {

  private Predictions() {}

  /** Receives the rows of a part, batch after batch. */
  @FunctionalInterface
  public interface Consumer {

    /**
     * Reads one batch; both are reused for the next.
     *
     * @param logits only the first {@code batch.size} are valid
     */
    void accept(Batch batch, float[] logits);
  }

  /** Receives the rows of a part with all labels, batch after batch. */
  @FunctionalInterface
  public interface LabelConsumer {

    /**
     * Reads one batch; all are reused for the next.
     *
     * @param logits of the main label; only the first {@code batch.size} are valid
     * @param further logits of the further labels of the model, by label
     */
    void accept(Batch batch, float[] logits, float[][] further);
  }

  /** Predicts the main label of all rows of a part in file order. */
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

  /** Predicts all labels of all rows of a part in file order. */
  public static void forEachLabel(
      TrainableModel model, PreparedData data, Split split, int batchSize, LabelConsumer consumer) {
    float[][] further = new float[model.labels().names().size()][batchSize];
    model
        .engine()
        .call(
            () -> {
              model.engine().recordGradients(false);
              float[] logits = new float[batchSize];
              try (BatchSource source = data.sequential(split, batchSize)) {
                Batch batch = source.newBatch();
                while (source.next(batch)) {
                  model.predict(batch, logits, further);
                  consumer.accept(batch, logits, further);
                }
              }
              return 0;
            });
  }

  private static void predict(
      TrainableModel model, BatchSource source, int batchSize, Consumer consumer) {
    model.engine().recordGradients(false);
    Batch batch = source.newBatch();
    float[] logits = new float[batchSize];
    while (source.next(batch)) {
      model.predict(batch, logits);
      consumer.accept(batch, logits);
    }
  }
}
