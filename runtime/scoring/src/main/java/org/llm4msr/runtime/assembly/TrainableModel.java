package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeVectors;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.UserKnowledge;
import org.llm4msr.runtime.model.DropoutMasks;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Workers;

/**
 * A model with everything it is made of: tables, dense parameters, head and knowledge. Made by
 * {@link ModelAssembly}; all calls belong to the thread of {@link TensorEngine#call}.
 */
public final class TrainableModel implements AutoCloseable {

  private final TensorEngine engine;
  private final NDManager manager;
  private final Workers workers;
  private final EmbeddingTables tables;
  private final ParameterStore parameters;
  private final ModelShape shape;
  private final FusionHead head;
  private final @Nullable ParameterArray scenarioTable;
  private final @Nullable ParameterArray missingUser;
  private final @Nullable ModelKnowledge knowledge;
  private final String identity;
  private final DropoutMasks masks;

  private final DistinctUsers users;
  private int[] slotOfRow = new int[0];
  private final BatchInputs flat = new BatchInputs();
  private final BatchInputs userVectors = new BatchInputs();
  private final BatchInputs userMask = new BatchInputs();
  private final BatchInputs scenarioVectors = new BatchInputs();

  /** What {@link ModelAssembly} puts together. */
  record Parts(
      TensorEngine engine,
      NDManager manager,
      Workers workers,
      EmbeddingTables tables,
      ParameterStore parameters,
      ModelShape shape,
      FusionHead head,
      @Nullable ParameterArray scenarioTable,
      @Nullable ParameterArray missingUser,
      @Nullable ModelKnowledge knowledge,
      int users,
      long seed,
      String identity) {}

  TrainableModel(Parts parts) {
    engine = parts.engine();
    manager = parts.manager();
    workers = parts.workers();
    tables = parts.tables();
    parameters = parts.parameters();
    shape = parts.shape();
    head = parts.head();
    scenarioTable = parts.scenarioTable();
    missingUser = parts.missingUser();
    knowledge = parts.knowledge();
    UserKnowledge versions = knowledge == null ? null : knowledge.users();
    users = new DistinctUsers(versions == null ? parts.users() : versions.slots());
    identity = parts.identity();
    masks = new DropoutMasks(parts.seed(), workers);
  }

  /** A pass that has run forward. */
  public record Forward(PassContext pass, Tape tape, NDArray flat, NDArray logits) {}

  /**
   * Runs a batch forward.
   *
   * @param step owns all arrays; closed by the caller before the next call
   */
  public Forward forward(NDManager step, Batch batch, boolean training, long number) {
    int rows = batch.size;
    tables.gather(batch, flat.floats((long) rows * tables.width()));
    NDArray input = flat.array(step, new Shape(rows, tables.width()));
    if (training) {
      input.setRequiresGradient(true);
    }
    users.find(groups(batch, training), rows);
    int scenarios = shape.scenarios().size();
    Tape tape = Tape.of(step, workers, training);
    GroupingPlan byScenario =
        GroupingPlan.of(step, batch.scenario, rows, scenarios, training, tape);
    GroupingPlan byUser =
        GroupingPlan.of(step, users.groupOfRow(), rows, users.groups(), training, tape);
    PassContext pass = new PassContext(step, training, number, byScenario, byUser, masks);
    EmbeddedFeatures features =
        new EmbeddedFeatures(
            input,
            tables.dimension(),
            byScenario,
            scenarioTable == null ? null : scenarioTable.array(),
            userKnowledge(step),
            scenarioKnowledge(step));
    return new Forward(pass, tape, input, head.logits(pass, features));
  }

  /**
   * Returns what the rows of a batch are grouped by: the user, or the slot of the user's knowledge.
   */
  private int[] groups(Batch batch, boolean training) {
    if (knowledge == null || knowledge.users() == null) {
      return batch.user;
    }
    if (slotOfRow.length < batch.size) {
      slotOfRow = new int[batch.size];
    }
    knowledge.users().slots(batch, training, slotOfRow);
    return slotOfRow;
  }

  /** Gathers the vectors of the distinct users of the batch: (U, K). */
  private @Nullable NDArray userKnowledge(NDManager step) {
    if (knowledge == null || knowledge.users() == null) {
      return null;
    }
    UserKnowledge vectors = knowledge.users();
    int count = users.count();
    int groups = users.groups();
    FloatBuffer target = userVectors.floats((long) groups * vectors.dimension());
    workers.range(
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
    if (missingUser == null) {
      return filled;
    }
    FloatBuffer mask = userMask.floats(groups);
    mask.put(count, new float[groups - count]);
    for (int k = 0; k < count; k++) {
      mask.put(k, vectors.known(users.user(k)) ? 0f : 1f);
    }
    NDArray isMissing = userMask.array(step, new Shape(groups, 1));
    return filled.add(isMissing.mul(missingUser.array()));
  }

  private @Nullable NDArray scenarioKnowledge(NDManager step) {
    if (knowledge == null || knowledge.scenarios() == null) {
      return null;
    }
    KnowledgeVectors vectors = knowledge.scenarios();
    FloatBuffer target = scenarioVectors.floats((long) vectors.size() * vectors.dimension());
    for (int k = 0; k < vectors.size(); k++) {
      vectors.copy(k, target, k);
    }
    return scenarioVectors.array(step, new Shape(vectors.size(), vectors.dimension()));
  }

  /** Returns the engine that the model runs on. */
  public TensorEngine engine() {
    return engine;
  }

  /** Returns the embedding tables. */
  public EmbeddingTables tables() {
    return tables;
  }

  /** Returns the dense parameters and buffers. */
  public ParameterStore parameters() {
    return parameters;
  }

  /** Returns the input's layout and the scenarios. */
  public ModelShape shape() {
    return shape;
  }

  /** Returns the standardised knowledge, or null where the head reads none. */
  @Nullable ModelKnowledge knowledge() {
    return knowledge;
  }

  public NDManager manager() {
    return manager;
  }

  public Workers workers() {
    return workers;
  }

  /**
   * Returns plugins, settings and data as one text; models with equal texts can use each other's
   * checkpoints.
   */
  public String identity() {
    return identity;
  }

  @Override
  public void close() {
    engine.finish(
        () -> {
          parameters.close();
          manager.close();
          return 0;
        });
    workers.close();
  }
}
