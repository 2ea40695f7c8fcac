package org.llm4msr.runtime.assembly;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.runtime.assembly.sequences.SequenceField;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.engine.HostCopy;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.VectorLink;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.PassContext;

/**
 * What a model computes on the way to its scores, and what it would compute without a level of
 * knowledge. On the thread of its engine, without gradients.
 */
public final class ModelProbe {

  /** A meta network may give another form of weights where groups have few rows. */
  private static final int ROWS_A_SCENARIO = 64;

  private final AssembledModel model;
  private final PassWorkspace workspace;
  private final int unknownUser;
  private final int unknownItem;

  /**
   * Makes a probe.
   *
   * @param unknownUser the index of a user that the model does not know
   * @param unknownItem the index of an item that the model does not know
   */
  public ModelProbe(TrainableModel model, int unknownUser, int unknownItem) {
    this(model.assembled(), unknownUser, unknownItem);
  }

  ModelProbe(AssembledModel model, int unknownUser, int unknownItem) {
    this.model = model;
    workspace = PassWorkspace.of(model);
    this.unknownUser = unknownUser;
    this.unknownItem = unknownItem;
  }

  /** Returns the levels of knowledge that the model reads. */
  public Set<Level> levels() {
    ModelKnowledge knowledge = model.knowledge();
    return knowledge == null ? Set.of() : knowledge.dimensions().keySet();
  }

  /** Returns from where a row of a batch has its vector of a level that is read. */
  public VectorLink link(Level level, Batch batch, int row) {
    return requireNonNull(requireNonNull(model.knowledge()).of(level)).link(batch, row);
  }

  /** Returns the names of the further labels that the model learns. */
  public List<String> labels() {
    return model.labels().names();
  }

  /**
   * Predicts a batch, with the knowledge of some levels taken away: rows read what users and items
   * without a vector read, and the mean of the scenarios.
   *
   * @param without those levels; all else, such as the embedding of the user and sequences, stays
   */
  public LogitTerms predict(Batch batch, Set<Level> without) {
    return workspace.terms(known(batch, without), batch, without.contains(Level.SCENARIO));
  }

  /** Returns whether rows read sequences. */
  public boolean readsSequences() {
    return !model.sequences().isEmpty();
  }

  /** Returns the sequences that rows read. */
  public List<SequenceField> sequences() {
    return model.sequences().fields();
  }

  /**
   * Returns the ids of the {@link #sequences} of a batch, newest first.
   *
   * @return lists that are valid until the next call
   */
  public List<IdLists> sequenceIds(Batch batch) {
    return workspace.sequenceIds(batch);
  }

  /** Predicts a batch as if no row had an event in a sequence. */
  public LogitTerms predictWithoutSequences(Batch batch) {
    return workspace.terms(batch, null, false);
  }

  private Batch known(Batch batch, Set<Level> without) {
    Batch changed = new Batch(batch.size, batch.fields);
    changed.size = batch.size;
    changed.userVectors = without.contains(Level.USER) ? null : batch.userVectors;
    changed.itemVectors = without.contains(Level.ITEM) ? null : batch.itemVectors;
    changed.pasts = without.contains(Level.USER) ? null : batch.pasts;
    changed.part = batch.part;
    System.arraycopy(batch.time, 0, changed.time, 0, batch.size);
    System.arraycopy(batch.group, 0, changed.group, 0, batch.size);
    System.arraycopy(batch.scenario, 0, changed.scenario, 0, batch.size);
    System.arraycopy(batch.row, 0, changed.row, 0, batch.size);
    if (without.contains(Level.USER)) {
      Arrays.fill(changed.user, unknownUser);
    } else {
      System.arraycopy(batch.user, 0, changed.user, 0, batch.size);
    }
    if (without.contains(Level.ITEM)) {
      Arrays.fill(changed.item, unknownItem);
    } else {
      System.arraycopy(batch.item, 0, changed.item, 0, batch.size);
    }
    return changed;
  }

  /** Returns the vector (K) of each scenario as the model reads it; none where it reads none. */
  public List<float[]> scenarioVectors() {
    NDArray knowledge = model.scenarioKnowledge();
    return knowledge == null ? List.of() : byScenario(List.of(HostCopy.of(knowledge)));
  }

  /**
   * Returns the numbers that the meta network of the scenario level generates for each scenario, in
   * the form in which it gives them; none where the model has no such network.
   */
  public List<float[]> scenarioWeights() {
    MetaNetwork network = model.metaNetworks().get(Level.SCENARIO);
    NDArray knowledge = model.scenarioKnowledge();
    if (network == null || knowledge == null) {
      return List.of();
    }
    try (NDManager step = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDList weights = network.generate(pass(step), knowledge).arrays();
      return byScenario(weights.stream().map(HostCopy::of).toList());
    }
  }

  private PassContext pass(NDManager step) {
    int[] groups = new int[ROWS_A_SCENARIO * scenarios()];
    Arrays.setAll(groups, row -> row % scenarios());
    GroupingPlan plan = GroupingPlan.of(step, groups, groups.length, scenarios(), false);
    DropoutMasks masks = new DropoutMasks(model.seed(), model.workers());
    return new PassContext(step, false, 0, plan, plan, masks);
  }

  private int scenarios() {
    return model.shape().scenarios().size();
  }

  /** Puts together what each scenario has of arrays whose first axis is the scenario. */
  private List<float[]> byScenario(List<float[]> arrays) {
    int numbers = arrays.stream().mapToInt(array -> array.length / scenarios()).sum();
    List<float[]> all = new ArrayList<>();
    for (int scenario = 0; scenario < scenarios(); scenario++) {
      FloatBuffer own = FloatBuffer.allocate(numbers);
      for (float[] array : arrays) {
        int size = array.length / scenarios();
        own.put(array, scenario * size, size);
      }
      all.add(own.array());
    }
    return all;
  }
}
