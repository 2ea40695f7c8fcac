package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.labels.LabelLogits;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.BatchAttention;
import org.llm4msr.runtime.assembly.sequences.BatchSequences;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.HostCopy;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.vectors.DistinctSlots;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.EmbeddingGather;
import org.llm4msr.runtime.tables.Workers;

/**
 * All that a pass writes to beside the engine's arrays: the inputs of one batch, in memory that the
 * next batch reuses. For one pass at a time; passes in workspaces of their own may run at once
 * where none of them trains. It grows with the rows of a batch and holds nothing that must be
 * closed.
 */
final class PassWorkspace {

  /** The term of all but first-order weights, where the head names none. */
  private static final String UNNAMED = "all but linear";

  private final AssembledModel model;
  private final EmbeddingGather gather;
  private final BatchSequences sequences;
  private final BatchAttention attention;
  private final DropoutMasks masks;
  private final @Nullable BatchKnowledge ofUsers;
  private final @Nullable BatchKnowledge ofItems;
  private final @Nullable BatchHistory ofHistory;
  private final DistinctSlots users = new DistinctSlots();
  private final BatchInputs flat = new BatchInputs();

  /** Makes a workspace for any rows. */
  static PassWorkspace of(AssembledModel model) {
    return new PassWorkspace(model.inPasses(), false);
  }

  /**
   * Makes a workspace for rows of the prepared data that the model is made for.
   *
   * @param model as {@link AssembledModel#inPasses} gives it
   */
  static PassWorkspace ofPrepared(AssembledModel model) {
    return new PassWorkspace(model, true);
  }

  private PassWorkspace(AssembledModel model, boolean prepared) {
    this.model = model;
    gather = new EmbeddingGather(model.tables(), model.workers());
    sequences = model.sequences().batches(model.workers());
    attention =
        model
            .sequences()
            .attention(model.tables(), model.workers(), () -> new BatchInputs()::floats);
    masks = new DropoutMasks(model.seed(), model.workers());
    ModelKnowledge knowledge = model.knowledge();
    KnowledgeParameters learned = model.knowledgeParameters();
    VectorLookup vectors = knowledge == null ? null : knowledge.users();
    ofUsers =
        vectors == null
            ? null
            : new BatchKnowledge(vectors, learned.missingUser(), model.workers());
    VectorLookup items = knowledge == null || !model.readsItems() ? null : knowledge.items();
    ofItems =
        items == null ? null : new BatchKnowledge(items, learned.missingItem(), model.workers());
    ModelHistory history = knowledge == null ? null : knowledge.history();
    ofHistory = history == null ? null : toHistory(history, prepared);
  }

  private BatchHistory toHistory(ModelHistory history, boolean prepared) {
    Workers workers = model.workers();
    return prepared
        ? BatchHistory.ofPrepared(history, workers, Mkl.serves(model.manager()))
        : BatchHistory.of(history, workers);
  }

  /** Computes what all rows of a part read of their users' past, if there is room to keep it. */
  void computeAhead(PreparedData data, Split part) {
    if (ofHistory != null) {
      ofHistory.computeAhead(data, part);
    }
  }

  /** Returns the values of a batch as {@link TrainableModel#values}. */
  List<FieldValues> values(Batch batch) {
    return values(batch, batch);
  }

  /** Returns the ids of the sequences of a batch, newest first, until the next batch. */
  List<IdLists> sequenceIds(Batch batch) {
    List<FieldValues> values = sequences.of(batch, batch);
    return values.subList(batch.fields.size(), values.size()).stream()
        .map(IdLists.class::cast)
        .toList();
  }

  private List<FieldValues> values(Batch batch, @Nullable Batch past) {
    return model
        .tables()
        .fetch(batch.size, past == null ? sequences.without(batch) : sequences.of(batch, past));
  }

  /**
   * Runs a batch forward.
   *
   * @param step owns all arrays; closed by the caller before the next call
   * @param fields the batch's {@link #values}
   */
  TrainableModel.Forward forward(
      NDManager step, Batch batch, List<FieldValues> fields, boolean training, long number) {
    return forward(step, batch, fields, training, number, scenarios(step, batch), null, training);
  }

  private TrainableModel.Forward forward(
      NDManager step,
      Batch batch,
      List<FieldValues> fields,
      boolean training,
      long number,
      @Nullable NDArray scenarioKnowledge,
      @Nullable Map<String, NDArray> terms,
      boolean allLabels) {
    int rows = batch.size;
    int width = model.tables().width();
    FloatBuffer columns = flat.floats((long) rows * width);
    gather.gather(rows, fields, columns);
    if (model.coldShares() != null) {
      model.coldShares().fill(batch, columns, width, training, number);
    }
    Tape tape = model.tape(step, training);
    tape.isOf(batch.share);
    attention.fill(tape, rows, fields, columns, width);
    NDArray input = flat.array(step, new Shape(rows, width));
    if (training) {
      input.setRequiresGradient(true);
    }
    int scenarios = model.shape().scenarios().size();
    tape.begin(input);
    GroupingPlan byScenario =
        GroupingPlan.of(step, batch.scenario, rows, scenarios, training, tape);
    GroupingPlan byUser = plan(step, users(batch, training), rows, training, tape);
    GroupingPlan byItem =
        ofItems == null ? null : plan(step, ofItems.find(batch, training), rows, training, tape);
    PassContext pass =
        new PassContext(step, training, number, byScenario, byUser, byItem, masks, tape);
    pass.isOf(batch.share);
    if (terms != null) {
      pass.keepTerms(terms);
    }
    RowInputs inputs =
        new RowInputs(
            attention.record(tape, input),
            ofUsers == null ? null : ofUsers.gather(step, batch),
            scenarioKnowledge,
            ofItems == null ? null : ofItems.gather(step, batch),
            ofHistory == null ? null : ofHistory.compute(step, batch));
    LabelLogits logits =
        allLabels
            ? model.labelLogits(pass, inputs)
            : new LabelLogits(model.logits(pass, inputs), null);
    return new TrainableModel.Forward(pass, tape, input, logits.main(), logits.towers(), fields);
  }

  private @Nullable NDArray scenarios(NDManager step, Batch batch) {
    return batch.scenarioVectors == null
        ? model.scenarioKnowledge()
        : ModelAssembly.scenarioKnowledge(step, model.knowledge(), batch.scenarioVectors);
  }

  private static GroupingPlan plan(
      NDManager step, DistinctSlots slots, int rows, boolean training, Tape tape) {
    return GroupingPlan.of(step, slots.groupOfRow(), rows, slots.groups(), training, tape);
  }

  /** Groups the rows by user, or by the slot of the user's knowledge. */
  private DistinctSlots users(Batch batch, boolean training) {
    if (ofUsers != null) {
      return ofUsers.find(batch, training);
    }
    users.find(batch.user, batch.size);
    return users;
  }

  /**
   * Predicts a batch; gradients must not be recorded.
   *
   * @param target its first {@code batch.size} elements get the logits
   */
  void predict(Batch batch, float[] target) {
    try (NDManager step = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      model
          .engine()
          .read(forward(step, batch, values(batch), false, 0).logits())
          .get(target, 0, batch.size);
    }
  }

  /**
   * Predicts a batch as {@link #predict}, with the further labels of the model.
   *
   * @param further by label, in the order of {@link ModelLabels}; each first {@code batch.size}
   *     elements get the logits
   */
  void predict(Batch batch, float[] target, float[][] further) {
    try (NDManager step = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      TrainableModel.Forward forward =
          forward(step, batch, values(batch), false, 0, scenarios(step, batch), null, true);
      model.engine().read(forward.logits()).get(target, 0, batch.size);
      NDArray towers = forward.towers();
      if (towers != null) {
        model.labels().logits(batch.size, target, HostCopy.of(towers), further);
      }
    }
  }

  /**
   * Predicts a batch as {@link #predict}, with the terms of the logits.
   *
   * @param past the batch whose users and times tell what came before each row; null for sequences
   *     without an event
   * @param withoutScenarios whether rows read zeros, the mean, in place of the knowledge of
   *     scenarios
   */
  LogitTerms terms(Batch batch, @Nullable Batch past, boolean withoutScenarios) {
    try (NDManager step = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray scenarios = scenarios(step, batch);
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      ModelLabels labels = model.labels();
      TrainableModel.Forward forward =
          forward(
              step,
              batch,
              values(batch, past),
              false,
              0,
              withoutScenarios && scenarios != null ? step.zeros(scenarios.getShape()) : scenarios,
              arrays,
              !labels.names().isEmpty());
      NDArray logits = forward.logits();
      Map<String, float[]> terms = new LinkedHashMap<>();
      if (arrays.size() == 1 && arrays.containsKey(AssembledModel.LINEAR)) {
        NDArray rest = logits.sub(arrays.get(AssembledModel.LINEAR));
        terms.put(UNNAMED, HostCopy.of(rest)); // The head names none of its own.
      }
      arrays.forEach((name, term) -> terms.put(name, HostCopy.of(term)));
      float[] main = HostCopy.of(logits);
      float[][] further = new float[labels.names().size()][batch.size];
      NDArray towers = forward.towers();
      if (towers != null) {
        labels.logits(batch.size, main, HostCopy.of(towers), further);
      }
      return new LogitTerms(main, terms, further);
    }
  }
}
