package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Pass;

/**
 * A pass outside training whose layers are operations of the engine alone, so that all can be
 * recorded.
 */
record RecordingPass(NDManager manager, Grouping scenarios, Grouping users, Grouping items)
    implements Pass {

  @Override
  public boolean training() {
    return false;
  }

  @Override
  public long step() {
    return 0;
  }

  @Override
  public NDArray dropoutMask(Shape shape, double rate) {
    throw Refusal.of(
        "draws a dropout mask outside training.", "Draw it only where pass.training().");
  }

  @Override
  public void addLoss(String name, NDArray scalar) {
    // Ignored outside training.
  }
}
