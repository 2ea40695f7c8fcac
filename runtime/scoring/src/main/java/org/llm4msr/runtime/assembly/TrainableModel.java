package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Workers;

/**
 * A model with everything that training needs: tables, dense parameters, head and knowledge. Made
 * by {@link ModelAssembly}; all calls belong to the thread of {@link TensorEngine#call}. {@link
 * InferenceModel} is for scoring alone.
 */
public final class TrainableModel implements AutoCloseable {

  private final AssembledModel assembled;
  private final PassWorkspace workspace;

  TrainableModel(AssembledModel assembled) {
    this.assembled = assembled.inPasses();
    workspace = PassWorkspace.ofPrepared(this.assembled);
  }

  /**
   * A pass that has run forward.
   *
   * @param logits of the main label, (B)
   * @param towers what the towers of further labels give, (B, L); null where there are none
   * @param fields what the flat input was gathered for: the values of the fields, then the ids of
   *     the sequences
   */
  public record Forward(
      PassContext pass,
      Tape tape,
      NDArray flat,
      NDArray logits,
      @Nullable NDArray towers,
      List<FieldValues> fields) {}

  /**
   * Returns what a batch reads of the tables: the values of the fields, then the ids of the
   * sequences; where tables are partitioned, by rows that other workers give. Valid until the next
   * call.
   */
  public List<FieldValues> values(Batch batch) {
    return workspace.values(batch);
  }

  /**
   * Runs a batch forward.
   *
   * @param step owns all arrays; closed by the caller before the next call
   * @param fields its {@link #values}
   */
  public Forward forward(
      NDManager step, Batch batch, List<FieldValues> fields, boolean training, long number) {
    return workspace.forward(step, batch, fields, training, number);
  }

  /**
   * Computes what all rows of a part read of their users' past, if the model reads it and there is
   * room to keep it: user by user, which is faster than batch by batch.
   */
  public void computeAhead(PreparedData data, Split part) {
    workspace.computeAhead(data, part);
  }

  /** Predicts a batch without gradients. */
  void predict(Batch batch, float[] logits) {
    workspace.predict(batch, logits);
  }

  /** Predicts a batch with the further labels, without gradients. */
  void predict(Batch batch, float[] logits, float[][] further) {
    workspace.predict(batch, logits, further);
  }

  /** Returns the further labels that the model learns. */
  public ModelLabels labels() {
    return assembled.labels();
  }

  AssembledModel assembled() {
    return assembled;
  }

  /** Returns the engine that the model runs on. */
  public TensorEngine engine() {
    return assembled.engine();
  }

  /** Returns the embedding tables. */
  public EmbeddingTables tables() {
    return assembled.tables();
  }

  /** Returns the dense parameters and buffers. */
  public ParameterStore parameters() {
    return assembled.parameters();
  }

  /** Returns the input's layout and the scenarios. */
  public ModelShape shape() {
    return assembled.shape();
  }

  /** Returns the standardised knowledge, or null where the head reads none. */
  @Nullable ModelKnowledge knowledge() {
    return assembled.knowledge();
  }

  public NDManager manager() {
    return assembled.manager();
  }

  public Workers workers() {
    return assembled.workers();
  }

  /**
   * Returns plugins, settings and data as one text; models with equal texts can use each other's
   * checkpoints.
   */
  public String identity() {
    return assembled.identity();
  }

  @Override
  public void close() {
    assembled.close();
  }
}
