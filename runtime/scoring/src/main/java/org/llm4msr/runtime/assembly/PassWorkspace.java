package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.UserKnowledge;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.EmbeddingGather;

/**
 * All that a pass writes to beside the engine's arrays: the inputs of one batch, in memory that the
 * next batch reuses. For one pass at a time; passes in workspaces of their own may run at once
 * where none of them trains. It grows with the rows of a batch and holds nothing that must be
 * closed.
 */
final class PassWorkspace {

  private final AssembledModel model;
  private final EmbeddingGather gather;
  private final @Nullable UserKnowledge vectors;
  private final DropoutMasks masks;
  private final DistinctUsers users = new DistinctUsers();
  private int[] slotOfRow = new int[0];
  private final BatchInputs flat = new BatchInputs();
  private final BatchInputs userVectors = new BatchInputs();
  private final BatchInputs userMask = new BatchInputs();

  PassWorkspace(AssembledModel model) {
    this.model = model;
    gather = new EmbeddingGather(model.tables(), model.workers());
    ModelKnowledge knowledge = model.knowledge();
    vectors = knowledge == null ? null : knowledge.users();
    masks = new DropoutMasks(model.seed(), model.workers());
  }

  /**
   * Runs a batch forward.
   *
   * @param step owns all arrays; closed by the caller before the next call
   */
  TrainableModel.Forward forward(NDManager step, Batch batch, boolean training, long number) {
    int rows = batch.size;
    int width = model.tables().width();
    gather.gather(batch, flat.floats((long) rows * width));
    NDArray input = flat.array(step, new Shape(rows, width));
    if (training) {
      input.setRequiresGradient(true);
    }
    users.find(groups(batch, training), rows);
    int scenarios = model.shape().scenarios().size();
    Tape tape = model.tape(step, training);
    tape.begin(input);
    GroupingPlan byScenario =
        GroupingPlan.of(step, batch.scenario, rows, scenarios, training, tape);
    GroupingPlan byUser =
        GroupingPlan.of(step, users.groupOfRow(), rows, users.groups(), training, tape);
    PassContext pass = new PassContext(step, training, number, byScenario, byUser, masks, tape);
    ParameterArray scenarioTable = model.scenarioTable();
    EmbeddedFeatures features =
        new EmbeddedFeatures(
            input,
            model.tables().dimension(),
            byScenario,
            scenarioTable == null ? null : scenarioTable.array(),
            userKnowledge(step),
            model.scenarioKnowledge());
    return new TrainableModel.Forward(pass, tape, input, model.head().logits(pass, features));
  }

  /**
   * Predicts a batch; gradients must not be recorded.
   *
   * @param probability of label 1; its first {@code batch.size} elements are filled
   */
  void predict(Batch batch, float[] probability) {
    try (NDManager step = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      FloatBuffer logits = model.engine().read(forward(step, batch, false, 0).logits());
      for (int i = 0; i < batch.size; i++) {
        probability[i] = (float) (1 / (1 + Math.exp(-logits.get(i))));
      }
    }
  }

  /**
   * Returns what the rows of a batch are grouped by: the user, or the slot of the user's knowledge.
   */
  private int[] groups(Batch batch, boolean training) {
    if (vectors == null) {
      return batch.user;
    }
    if (slotOfRow.length < batch.size) {
      slotOfRow = new int[batch.size];
    }
    vectors.slots(batch, training, slotOfRow);
    return slotOfRow;
  }

  /** Gathers the vectors of the distinct users of the batch: (U, K). */
  private @Nullable NDArray userKnowledge(NDManager step) {
    if (vectors == null) {
      return null;
    }
    int count = users.count();
    int groups = users.groups();
    FloatBuffer target = userVectors.floats((long) groups * vectors.dimension());
    model
        .workers()
        .range(
            count,
            128,
            (worker, from, to) -> {
              for (int k = from; k < to; k++) {
                vectors.copy(users.user(k), target, k);
              }
            });
    int empty = (groups - count) * vectors.dimension();
    target.put(count * vectors.dimension(), new float[empty]);
    NDArray filled = userVectors.array(step, new Shape(groups, vectors.dimension()));
    ParameterArray missingUser = model.missingUser();
    if (missingUser == null) {
      return filled;
    }
    FloatBuffer mask = userMask.floats(groups);
    mask.put(count, new float[groups - count]);
    for (int k = 0; k < count; k++) {
      mask.put(k, vectors.isKnown(users.user(k)) ? 0f : 1f);
    }
    NDArray isMissing = userMask.array(step, new Shape(groups, 1));
    return filled.add(isMissing.mul(missingUser.array()));
  }
}
