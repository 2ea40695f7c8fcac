package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.assembly.labels.LabelLogits;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.SequenceField;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.LabelCalibrations;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.tables.EmbeddingTables;

/**
 * A model that scores, and is not trained any further. {@link #score} is re-entrant: each call has
 * a workspace of its own, which later calls reuse, so there are as many as calls were ever under
 * way at once. On PyTorch, calls of several threads run at once; MXNet allows one thread only, so
 * there they wait for each other. Scores do not depend on what else is scored at the time. Made by
 * {@link ModelAssembly}.
 */
public final class InferenceModel implements AutoCloseable {

  private final AssembledModel assembled;
  private Calibration calibration = Calibration.NONE;
  private LabelCalibrations ofLabels;

  /** Those that no call uses; the last one used comes first, since caches may still hold it. */
  private final ConcurrentLinkedDeque<PassWorkspace> idle = new ConcurrentLinkedDeque<>();

  InferenceModel(AssembledModel assembled) {
    this.assembled = assembled;
    ofLabels = LabelCalibrations.of(calibration, assembled.labels().names());
  }

  /**
   * Reads what was learned from the files of {@link ModelFiles}; before the first score.
   *
   * @param fitted turns logits into probabilities
   */
  public void read(Path folder, Calibration fitted) throws IOException {
    calibration = fitted;
    ofLabels = LabelCalibrations.of(fitted, labels().names());
    ModelFiles.read(assembled, folder);
    assembled.parameters().share();
  }

  /**
   * Scores a batch; on the calling thread where the engine allows it.
   *
   * @param batch not written to
   * @param probability of label 1; its first {@code batch.size} elements are filled
   * @throws org.llm4msr.api.MsrException {@code engine/INTERRUPTED} if the calling thread is
   *     interrupted before it begins
   */
  public void score(Batch batch, float[] probability) {
    assembled
        .engine()
        .infer(() -> inWorkspace(batch, probability, w -> w.predict(batch, probability)));
  }

  /**
   * Scores a batch with all labels; on the calling thread where the engine allows it.
   *
   * @param probability as {@link #score(Batch, float[])}
   * @param further probabilities of the further labels, by label in the order of {@link #labels};
   *     filled as {@code probability}
   * @throws org.llm4msr.api.MsrException as {@link #score(Batch, float[])}
   */
  public void score(Batch batch, float[] probability, float[][] further) {
    assembled
        .engine()
        .infer(() -> inWorkspace(batch, probability, w -> w.predict(batch, probability, further)));
    ofLabels.probabilities(batch.size, batch.scenario, further, further);
  }

  private void inWorkspace(Batch batch, float[] probability, Consumer<PassWorkspace> prediction) {
    PassWorkspace last = idle.pollFirst();
    PassWorkspace workspace = last == null ? PassWorkspace.of(assembled) : last;
    try {
      prediction.accept(workspace);
      calibration.probabilities(batch.size, batch.scenario, probability, probability);
    } finally {
      idle.addFirst(workspace);
    }
  }

  /**
   * Computes logits, (B), from arrays that the caller makes, on a pass of the caller's: to record
   * what the model does. No other pass may run meanwhile.
   *
   * @param reader chooses what the pass gets when it reads a parameter or buffer
   */
  public NDArray logits(Pass pass, RowInputs inputs, ParameterStore.Reader reader) {
    return assembled.parameters().through(reader, () -> assembled.logits(pass, inputs));
  }

  /**
   * Computes the logits of all labels, as {@link #logits}: those of the main one, and what the
   * towers of the further ones give.
   */
  public LabelLogits labelLogits(Pass pass, RowInputs inputs, ParameterStore.Reader reader) {
    return assembled.parameters().through(reader, () -> assembled.labelLogits(pass, inputs));
  }

  /** Returns the further labels that the model learns. */
  public ModelLabels labels() {
    return assembled.labels();
  }

  /**
   * Asks what the model computes on the way to its scores; on the calling thread where the engine
   * allows it.
   *
   * @param unknownUser the index of a user that the model does not know
   * @param unknownItem the index of an item that the model does not know
   * @throws org.llm4msr.api.MsrException as {@link #score}
   */
  public void probe(int unknownUser, int unknownItem, Consumer<ModelProbe> question) {
    assembled
        .engine()
        .infer(() -> question.accept(new ModelProbe(assembled, unknownUser, unknownItem)));
  }

  /** Returns the widths of what a pass reads. */
  public InputWidths widths() {
    return InputWidths.of(assembled);
  }

  /**
   * Returns the size of the vectors of each level that is read, as the language model gave them.
   */
  public Map<Level, Integer> vectorSizes() {
    ModelKnowledge knowledge = assembled.knowledge();
    return knowledge == null ? Map.of() : knowledge.dimensions();
  }

  /** Returns what passes read for the rows of batches; for one thread at a time. */
  public PassNumbers numbers() {
    return new PassNumbers(assembled);
  }

  /** Returns the embedding tables. */
  public EmbeddingTables tables() {
    return assembled.tables();
  }

  /** Returns the sequences in the order in which the tables read them. */
  public List<SequenceField> sequences() {
    return assembled.sequences().fields();
  }

  /** Returns which field holds the ids of each sequence of the tables; -1 for the log. */
  public int[] sequenceFields() {
    return assembled.sequences().sources();
  }

  /** Returns which share of a field its items' vectors have; null for a model without. */
  public @Nullable ColdShares coldShares() {
    return assembled.coldShares();
  }

  /** Returns what turns logits into probabilities. */
  public Calibration calibration() {
    return calibration;
  }

  /** Returns the knowledge of all scenarios, (S, K), null where the head reads none. */
  public @Nullable NDArray scenarioKnowledge() {
    return assembled.scenarioKnowledge();
  }

  /** Returns the input's layout and the scenarios. */
  public ModelShape shape() {
    return assembled.shape();
  }

  /** Returns the engine that the model runs on. */
  public TensorEngine engine() {
    return assembled.engine();
  }

  /** Releases the model; after the last call has returned. */
  @Override
  public void close() {
    idle.clear();
    assembled.close();
  }
}
