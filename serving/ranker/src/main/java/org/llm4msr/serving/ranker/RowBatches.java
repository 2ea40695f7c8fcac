package org.llm4msr.serving.ranker;

import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.tables.Batch;

/** Scores rows of any users and scenarios on the engine that trained the model. */
record RowBatches(RowEncoder encoder, InferenceModel model) {

  private static final int ROWS = 4096;

  float[] score(RawRows rows) {
    float[] scores = new float[rows.size()];
    RowEncoder.Binding binding = encoder.bind(rows.columns());
    int size = Math.min(scores.length, ROWS);
    Batch batch = binding.newBatch(size);
    float[] some = new float[size];
    for (int from = 0; from < scores.length; from += size) {
      int count = Math.min(size, scores.length - from);
      binding.encode(rows, from, count, from, batch);
      model.score(batch, some);
      System.arraycopy(some, 0, scores, from, count);
    }
    return scores;
  }
}
