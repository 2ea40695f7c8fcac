package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.assembly.identity.ModelIdentity;
import org.llm4msr.runtime.assembly.labels.LabelTowers;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.ModelSequences;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.HalfPrecision;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.Population;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.tables.Workers;

/** Makes the parts of a model, once. Nothing stays open where one cannot be made. */
final class ModelBuild {

  private static final Map<ModelInput, Level> KNOWLEDGE =
      Map.of(
          ModelInput.USER_KNOWLEDGE, Level.USER,
          ModelInput.SCENARIO_KNOWLEDGE, Level.SCENARIO,
          ModelInput.ITEM_KNOWLEDGE, Level.ITEM);

  private final TensorEngine engine;
  private final ModelConfig model;
  private final Known data;
  private final @Nullable KnowledgeInputs inputs;
  private final @Nullable SequenceInputs sequenceInputs;
  private final long seed;
  private final TableOrigin origin;
  private final Precisions precisions;
  private final Set<ModelInput> required;
  private final @Nullable ModelKnowledge knowledge;
  private final @Nullable ColdShares coldShares;
  private final SequencePlan plan;
  private final ModelShape shape;

  /**
   * What is known of the data that a model is for.
   *
   * @param who users, scenarios and items
   * @param rows the training rows of the values of a field, by id
   */
  record Known(
      DatasetManifest manifest, Supplier<Population> who, Function<PreparedField, float[]> rows) {

    static Known of(PreparedData data) {
      return new Known(data.manifest(), () -> Population.of(data), data::valueRows);
    }

    static Known of(RowEncoder encoder) {
      return new Known(encoder.manifest(), () -> Population.of(encoder), encoder::valueRows);
    }
  }

  /**
   * How a model comes to its tables.
   *
   * @param stateSlots numbers of the optimiser beside each of theirs
   * @param partition which rows it makes
   * @param others those of another model, in place of its own
   */
  record TableOrigin(int stateSlots, Partition partition, @Nullable EmbeddingTables others) {}

  /**
   * Looks up what the model is made of.
   *
   * @param inputs the knowledge; null where the model reads none
   * @param sequenceInputs null where the model has no sequences
   * @param seed of the initial values
   */
  ModelBuild(
      TensorEngine engine,
      ModelConfig model,
      Known data,
      @Nullable KnowledgeInputs inputs,
      @Nullable SequenceInputs sequenceInputs,
      long seed,
      TableOrigin origin,
      Precisions precisions) {
    engine.recordGradients(false);
    this.engine = engine;
    this.model = model;
    this.data = data;
    this.inputs = inputs;
    this.sequenceInputs = sequenceInputs;
    this.seed = seed;
    this.origin = origin;
    this.precisions = precisions;
    DatasetManifest manifest = data.manifest();
    required = ModelAssembly.required(model);
    knowledge = knowledge();
    coldShares = coldShares(knowledge);
    plan = SequencePlan.of(model, manifest.fields(), sequenceInputs);
    HistoryInputs history = history();
    shape =
        ModelAssembly.shape(
            manifest.fields(),
            manifest.scenarios(),
            model,
            history == null ? null : history.config(),
            plan);
  }

  private @Nullable HistoryInputs history() {
    return inputs == null ? null : inputs.history();
  }

  /** Makes the model; what it is made of is closed with it. */
  AssembledModel build() {
    NDManager manager = engine.engine().newBaseManager(engine.device());
    manager.setName("model");
    ParameterStore store = new ParameterStore(manager, seed);
    Workers workers = new Workers(engine.threads());
    HalfScript halves = null;
    try {
      halves = precisions.areHalf() ? HalfPrecision.script(engine) : null;
      return build(manager, store, workers, halves);
    } catch (RuntimeException | Error e) {
      workers.close();
      store.close();
      manager.close();
      if (halves != null) {
        halves.close();
      }
      throw e;
    }
  }

  /** The order in which parts ask for parameters is that of the parameters. */
  private AssembledModel build(
      NDManager manager, ParameterStore store, Workers workers, @Nullable HalfScript halves) {
    ParameterArray scenarioTable =
        required.contains(ModelInput.SCENARIO_EMBEDDING) ? scenarioTable(store) : null;
    KnowledgeParameters knowledgeParameters = knowledgeParameters(store);
    ModelSequences sequences = sequences(store);
    AssemblyContext context = context(store);
    FusionHead head = head(context, store);
    LabelTowers towers = towers(context, store);
    store.seal();
    return new AssembledModel(
        engine,
        manager,
        workers,
        tables(sequences, workers, Mkl.serves(manager)),
        store,
        shape,
        head,
        scenarioTable,
        knowledgeParameters,
        model.readsItems(),
        coldShares,
        knowledge,
        ModelAssembly.scenarioKnowledge(manager, knowledge, null),
        seed,
        precisions,
        halves,
        context.metaNetworks(),
        ModelIdentity.of(data.manifest(), model, context.metaNetworkConfigs(), inputs),
        sequences,
        towers);
  }

  private KnowledgeParameters knowledgeParameters(ParameterStore store) {
    return knowledge == null
        ? KnowledgeParameters.NONE
        : KnowledgeParameters.of(
            store, model, knowledge, history(), ColdShares.width(coldShares, shape.layout()));
  }

  private ModelSequences sequences(ParameterStore store) {
    return ModelSequences.of(
        plan,
        data.manifest().fields(),
        store.context(ModelSequences.SCOPE, shape),
        sequenceInputs,
        required.contains(ModelInput.SEQUENCES));
  }

  private AssemblyContext context(ParameterStore store) {
    int knowledgeSize = knowledge == null ? 0 : knowledge.scaling().dimension();
    return new AssemblyContext(
        store::context,
        store::closed,
        shape,
        model,
        model.headReadsKnowledge() ? knowledgeSize : 0);
  }

  private @Nullable LabelTowers towers(AssemblyContext context, ParameterStore store) {
    return LabelTowers.of(
        ModelLabels.of(model.labels(), data.manifest().labels()),
        model.labels(),
        context::shared,
        store.context("labels", shape));
  }

  private FusionHead head(AssemblyContext context, ParameterStore store) {
    return new CheckedHead(
        model.fusion().create(FusionHeadFactory::create, context),
        new CheckedPart(model.fusion().calls(), store::closed, "fusion"),
        "The backbone %s with the fusion head %s"
            .formatted(model.backbone().name(), model.fusion().name()));
  }

  private EmbeddingTables tables(ModelSequences sequences, Workers workers, boolean mkl) {
    EmbeddingTables others = origin.others();
    if (others != null) {
      return sequences.isEmpty() ? others : others.with(sequences.tables(others));
    }
    return new FieldTables(model, data.manifest().fields())
        .make(
            seed,
            origin.stateSlots(),
            workers,
            mkl,
            origin.partition(),
            vectors -> sequences.tables(vectors, seed, model.embeddingDeviation(), workers));
  }

  private @Nullable ColdShares coldShares(@Nullable ModelKnowledge knowledge) {
    ColdItemsConfig config = model.coldItems();
    VectorLookup items = knowledge == null ? null : knowledge.items();
    return config == null || items == null
        ? null
        : ColdShares.of(config, data.manifest().fields(), data.rows(), items, seed);
  }

  private @Nullable ModelKnowledge knowledge() {
    Set<Level> levels = EnumSet.noneOf(Level.class);
    if (inputs != null && inputs.history() != null) {
      levels.add(Level.ITEM);
    } else if (required.contains(ModelInput.HISTORY)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_HISTORY",
          "The fusion head '%s' reads the similarity to the user's history. Add a section 'knowledge.history' to the configuration."
              .formatted(model.fusion().name()));
    }
    KNOWLEDGE.forEach(
        (input, level) -> {
          if (required.contains(input)) {
            levels.add(level);
          }
        });
    if (levels.isEmpty()) {
      return null;
    }
    if (inputs == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NOT_CONFIGURED",
          "%s reads knowledge. Add a section 'knowledge' to the configuration and run 'llm4msr knowledge extract'."
              .formatted(
                  model.headReadsKnowledge()
                      ? "The fusion head '%s'".formatted(model.fusion().name())
                      : model.readerOfItems()));
    }
    return ModelKnowledge.load(inputs, data.who().get(), levels);
  }

  private ParameterArray scenarioTable(ParameterStore store) {
    return store.parameter(
        "scenario",
        "embedding",
        new Shape(shape.scenarios().size(), shape.scenarioEmbeddingSize()),
        new Initializer.Normal(EmbeddingTable.INITIAL_DEVIATION),
        Decay.YES);
  }
}
