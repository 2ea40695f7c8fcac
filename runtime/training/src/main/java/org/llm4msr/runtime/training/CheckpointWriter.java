package org.llm4msr.runtime.training;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.training.workers.Team;

/**
 * Writes the state of a run as a checkpoint; of several workers, the first does.
 *
 * @param state as it is to be saved
 * @param team null of one process
 */
record CheckpointWriter(
    Checkpoints checkpoints,
    TrainableModel model,
    DenseOptimizer optimizer,
    Supplier<RunState> state,
    @Nullable Team team)
    implements TrainingListener {

  @Override
  public void saving(long step) {
    if (team == null) {
      save();
    } else {
      team.alone(this::save);
    }
  }

  private void save() {
    checkpoints.save(model, optimizer, state.get());
  }
}
