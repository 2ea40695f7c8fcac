package org.llm4msr.runtime.scoring;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.tables.Batch;

/**
 * Scores rows of any users and scenarios, some at a time.
 *
 * @param batchSize rows that go through the model at once
 */
public record RowBatches(RowEncoder encoder, InferenceModel model, int batchSize) {

  /**
   * Scores rows.
   *
   * @param first number of the first, for error texts
   * @param malformed gets why rows cannot be read, which then have NaN; null if the first of them
   *     is an error
   */
  public float[] score(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    float[] scores = new float[rows.size()];
    RowBinding binding = encoder.bind(rows.columns());
    int size = Math.min(scores.length, batchSize);
    Batch batch = binding.newBatch(size);
    float[] some = new float[size];
    int[] places = IntStream.range(0, size).toArray();
    Arrays.fill(scores, Float.NaN);
    for (int from = 0; from < scores.length; from += size) {
      int count = Math.min(size, scores.length - from);
      if (malformed == null) {
        binding.encode(rows, from, count, first + from, batch);
      } else {
        binding.encodeReadable(rows, from, count, first + from, batch, places, malformed);
      }
      if (batch.size > 0) {
        model.score(batch, some);
      }
      for (int i = 0; i < batch.size; i++) {
        scores[from + places[i]] = some[i];
      }
    }
    return scores;
  }
}
