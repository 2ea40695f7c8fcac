package org.llm4msr.runtime.training;

import java.util.function.Supplier;
import org.llm4msr.runtime.assembly.TrainableModel;

/**
 * Writes the state of a run as a checkpoint.
 *
 * @param state as it is to be saved
 */
record CheckpointWriter(
    Checkpoints checkpoints,
    TrainableModel model,
    DenseOptimizer optimizer,
    Supplier<RunState> state)
    implements TrainingListener {

  @Override
  public void saving(long step) {
    checkpoints.save(model, optimizer, state.get());
  }
}
