package org.llm4msr.runtime.assembly.sequences;

import ai.djl.ndarray.NDArray;
import java.nio.FloatBuffer;
import java.util.List;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.model.SequenceAttention;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.SequenceLists;

/** The target attention of batches that is computed outside the engine. For one pass at a time. */
public final class BatchAttention {

  private final List<One> all;

  BatchAttention(List<One> all) {
    this.all = List.copyOf(all);
  }

  /**
   * That of one sequence.
   *
   * @param lists number of its ids among the values of a batch
   */
  record One(int lists, SequenceAttention attention) {}

  /**
   * Writes the sums of a batch.
   *
   * @param fields the values of the fields, then the ids of the sequences
   * @param flat (B, columns), gathered
   */
  public void fill(Tape tape, int rows, List<FieldValues> fields, FloatBuffer flat, int columns) {
    for (One one : all) {
      one.attention.forward(tape, rows, (SequenceLists) fields.get(one.lists), flat, columns);
    }
  }

  /** Records on a tape what {@link #fill} did; returns the flat input to go on with. */
  public NDArray record(Tape tape, NDArray flat) {
    return all.isEmpty()
        ? flat
        : SequenceAttention.record(tape, flat, all.stream().map(One::attention).toList());
  }
}
