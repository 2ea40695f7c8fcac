package org.llm4msr.runtime.scoring;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowException;

/**
 * Scores rows of any users and scenarios, some at a time.
 *
 * @param batchSize rows that go through the model at once
 */
public record RowBatches(RowEncoder encoder, InferenceModel model, int batchSize) {

  /**
   * Scores rows by the main label.
   *
   * @param first number of the first, for error texts
   * @param malformed gets why rows cannot be read, which then have NaN; null if the first of them
   *     is an error
   */
  public float[] score(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    return score(rows, first, malformed, 0).scores();
  }

  /** Scores rows by all labels of the model, otherwise as {@link #score}. */
  public RowScores scoreLabels(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    return score(rows, first, malformed, model.labels().names().size());
  }

  private RowScores score(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed, int labels) {
    RowScores all = RowScores.of(rows.size(), labels);
    float[] scores = all.scores();
    RowBinding binding = encoder.bind(rows.columns());
    int size = Math.min(scores.length, batchSize);
    Batch batch = binding.newBatch(size);
    RowScores some = RowScores.of(size, labels);
    int[] places = IntStream.range(0, size).toArray();
    Arrays.fill(scores, Float.NaN);
    for (float[] label : all.further()) {
      Arrays.fill(label, Float.NaN);
    }
    UnknownIds unknown = UnknownIds.NONE;
    for (int from = 0; from < scores.length; from += size) {
      int count = Math.min(size, scores.length - from);
      if (malformed == null) {
        binding.encode(rows, from, count, first + from, batch);
      } else {
        binding.encodeReadable(rows, from, count, first + from, batch, places, malformed);
      }
      if (batch.size > 0) {
        score(batch, some);
        unknown = unknown.plus(UnknownIds.of(batch, encoder));
      }
      for (int i = 0; i < batch.size; i++) {
        scores[from + places[i]] = some.scores()[i];
        for (int label = 0; label < labels; label++) {
          all.further()[label][from + places[i]] = some.further()[label][i];
        }
      }
    }
    return all.withUnknown(unknown);
  }

  private void score(Batch batch, RowScores target) {
    if (target.further().length == 0) {
      model.score(batch, target.scores());
    } else {
      model.score(batch, target.scores(), target.further());
    }
  }
}
