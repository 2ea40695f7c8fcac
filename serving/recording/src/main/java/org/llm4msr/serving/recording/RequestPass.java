package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.llm4msr.api.model.Pass;

/** What a model computes for the rows of one user in one scenario, on arrays that are recorded. */
@FunctionalInterface
public interface RequestPass {

  /**
   * Computes the logits, (B).
   *
   * @param pass outside training; each row is of an item of its own
   * @param arrays makes all that the pass reads
   */
  NDArray logits(Pass pass, RecordedArrays arrays);

  /**
   * Computes all that is recorded: the logits, and what the towers of further labels give, (B, L),
   * where the model has some.
   */
  default NDList results(Pass pass, RecordedArrays arrays) {
    return new NDList(logits(pass, arrays));
  }
}
