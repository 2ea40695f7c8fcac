package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.assembly.fields.FlatColumns;
import org.llm4msr.runtime.assembly.labels.LabelLogits;
import org.llm4msr.runtime.assembly.labels.LabelTowers;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.ModelSequences;
import org.llm4msr.runtime.assembly.sequences.ModelSequences.Pooled;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig.Form;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Workers;

/**
 * What a model is made of: read by every pass, changed by training alone.
 *
 * @param manager owns the engine's arrays
 * @param scenarioTable (S, Ds), null where no part of the model reads it
 * @param knowledgeParameters what is learned about knowledge beside the head
 * @param readsItems whether the item field or the head reads the knowledge of items
 * @param coldShares null where values with few training rows read their own embedding alone
 * @param knowledge standardised, null where the model reads none
 * @param scenarioKnowledge (S, K), null where the head reads none
 * @param halves the engine's products of bfloat16, null where other products are used
 * @param metaNetworks those of the head, by level
 * @param identity plugins, settings and data as one text
 * @param sequences those of the model
 * @param towers of further labels, null where the model learns one
 */
record AssembledModel(
    TensorEngine engine,
    NDManager manager,
    Workers workers,
    EmbeddingTables tables,
    ParameterStore parameters,
    ModelShape shape,
    FusionHead head,
    @Nullable ParameterArray scenarioTable,
    KnowledgeParameters knowledgeParameters,
    boolean readsItems,
    @Nullable ColdShares coldShares,
    @Nullable ModelKnowledge knowledge,
    @Nullable NDArray scenarioKnowledge,
    long seed,
    Precisions precisions,
    @Nullable HalfScript halves,
    Map<Level, MetaNetwork> metaNetworks,
    String identity,
    ModelSequences sequences,
    @Nullable LabelTowers towers)
    implements AutoCloseable {

  /** The term of the logit that is the sum of first-order weights. */
  static final String LINEAR = "linear";

  /**
   * Computes the logits, (B).
   *
   * @param pass has the items where the model reads them
   */
  NDArray logits(Pass pass, RowInputs inputs) {
    if (readsAllColumns()) {
      return logits(pass, inputs, inputs.flat(), sequences.none());
    }
    FlatColumns columns = FlatColumns.of(tables, inputs.flat());
    NDArray vectors = withItems(pass, inputs, columns);
    NDArray ofSequences = columns.sequences();
    Pooled pooled =
        ofSequences == null ? sequences.none() : sequences.pool(tables, ofSequences, vectors);
    NDArray logits = logits(pass, inputs, vectors, pooled);
    NDArray weights = columns.weights();
    if (weights == null) {
      return logits;
    }
    NDArray linear = weights.sum(new int[] {1}).reshape(logits.getShape());
    pass.term(LINEAR, () -> linear);
    return logits.add(linear);
  }

  /**
   * Returns whether the flat input is gathered as the model reads it, pooled sequences included.
   */
  private boolean readsAllColumns() {
    return sequences.arePooled()
        && tables.linear().isEmpty()
        && tables.width() == tables.sequencesEnd()
        && knowledgeParameters.itemField() == null
        && knowledgeParameters.historyField() == null;
  }

  /**
   * Returns the same model for passes: MKL computes target attention where it can. Its targets are
   * columns of the tables, so that values must not be mixed with others.
   */
  AssembledModel inPasses() {
    if (sequences.isEmpty() || coldShares != null || !Mkl.serves(manager)) {
      return this;
    }
    ModelSequences outside = sequences.outsideEngine();
    return new AssembledModel(
        engine,
        manager,
        workers,
        tables.with(outside.tables(tables)),
        parameters,
        shape,
        head,
        scenarioTable,
        knowledgeParameters,
        readsItems,
        coldShares,
        knowledge,
        scenarioKnowledge,
        seed,
        precisions,
        halves,
        metaNetworks,
        identity,
        outside,
        towers);
  }

  /** Returns the further labels that the model learns. */
  ModelLabels labels() {
    return towers == null ? ModelLabels.NONE : towers.labels();
  }

  /** Computes the logits of the main label, and what the towers of further labels give. */
  LabelLogits labelLogits(Pass pass, RowInputs inputs) {
    return towers == null
        ? new LabelLogits(logits(pass, inputs), null)
        : towers.beside(pass, () -> logits(pass, inputs));
  }

  private NDArray logits(Pass pass, RowInputs inputs, NDArray vectors, Pooled pooled) {
    NDArray flat = pooled.appendTo(withFields(pass, inputs, vectors));
    if (towers != null) {
      towers.input(flat);
    }
    return head.logits(
        pass,
        new EmbeddedFeatures(
            flat,
            shape.layout().uniform() ? shape.layout().fields().get(0).width() : 0,
            pass.scenarios(),
            scenarioTable == null ? null : scenarioTable.array(),
            inputs.users(),
            inputs.scenarios(),
            inputs.items(),
            inputs.history(),
            pooled.sequences()));
  }

  /** Has values with few training rows read the vectors of their items. */
  private NDArray withItems(Pass pass, RowInputs inputs, FlatColumns columns) {
    AddedField projection = knowledgeParameters.coldItems();
    NDArray share = columns.share();
    if (coldShares == null || projection == null || share == null || inputs.items() == null) {
      return columns.vectors();
    }
    NDArray ofRows = pass.items().rowValues(projection.map(inputs.items()));
    NDArray added = coldShares.form() == Form.SUM ? ofRows : ofRows.mul(share);
    return FlatColumns.mix(columns.vectors(), tables.column(coldShares.field()), added, share);
  }

  private NDArray withFields(Pass pass, RowInputs inputs, NDArray vectors) {
    NDArray flat = vectors;
    AddedField itemField = knowledgeParameters.itemField();
    if (itemField != null && inputs.items() != null) {
      NDArray ofItems = itemField.map(inputs.items());
      flat = AddedField.append(flat, pass.items().rowValues(ofItems));
    }
    AddedField historyField = knowledgeParameters.historyField();
    return historyField == null || inputs.history() == null
        ? flat
        : AddedField.append(flat, historyField.map(inputs.history()));
  }

  /** Returns the tape of a pass whose arrays a manager owns. */
  Tape tape(NDManager step, boolean training) {
    Precision precision = precisions.of(training);
    return halves == null || precision == Precision.FLOAT32
        ? Tape.of(step, workers, precision, training)
        : Tape.of(step, workers, halves, training);
  }

  /** Releases everything but the engine, whether or not the caller is interrupted. */
  @Override
  public void close() {
    engine.finish(
        () -> {
          parameters.close();
          manager.close();
          if (halves != null) {
            halves.close();
          }
          return 0;
        });
    workers.close();
  }
}
