package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.assembly.identity.ModelIdentity;
import org.llm4msr.runtime.assembly.labels.LabelTowers;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.ModelSequences;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.config.InferenceConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.ModelConfig.ItemKnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.HalfPrecision;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.vectors.BatchScenarios;
import org.llm4msr.runtime.knowledge.vectors.ItemKnowledge;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.Population;
import org.llm4msr.runtime.model.HiddenCheck;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.tables.Workers;

/** Puts a model together from configuration, prepared data and knowledge. */
public final class ModelAssembly {

  private static final Map<ModelInput, Level> KNOWLEDGE =
      Map.of(
          ModelInput.USER_KNOWLEDGE, Level.USER,
          ModelInput.SCENARIO_KNOWLEDGE, Level.SCENARIO,
          ModelInput.ITEM_KNOWLEDGE, Level.ITEM);

  private ModelAssembly() {}

  /** Makes a model without sequences, otherwise as below. */
  public static TrainableModel assemble(
      TensorEngine engine,
      ModelConfig model,
      TrainingConfig training,
      InferenceConfig scoring,
      PreparedData data,
      @Nullable KnowledgeInputs knowledge) {
    return assemble(engine, model, training, scoring, data, knowledge, null);
  }

  /**
   * Makes a model whose initial values depend on the training seed. Only the knowledge that the
   * fusion head names is loaded.
   *
   * @param knowledge may be null where the head reads none
   * @param sequences may be null where the model has none
   */
  public static TrainableModel assemble(
      TensorEngine engine,
      ModelConfig model,
      TrainingConfig training,
      InferenceConfig scoring,
      PreparedData data,
      @Nullable KnowledgeInputs knowledge,
      @Nullable SequenceInputs sequences) {
    return assemble(engine, model, training, scoring, data, knowledge, sequences, Partition.WHOLE);
  }

  /**
   * Makes a model as above, one of several copies.
   *
   * @param partition which rows of the tables this copy has
   */
  public static TrainableModel assemble(
      TensorEngine engine,
      ModelConfig model,
      TrainingConfig training,
      InferenceConfig scoring,
      PreparedData data,
      @Nullable KnowledgeInputs knowledge,
      @Nullable SequenceInputs sequences,
      Partition partition) {
    HalfPrecision.require("training.precision", training.precision(), engine);
    HalfPrecision.require("scoring.precision", scoring.precision(), engine);
    return engine.finish(
        () ->
            new TrainableModel(
                build(
                    engine,
                    model,
                    Known.of(data),
                    knowledge,
                    sequences,
                    training.seed(),
                    new TableOrigin(
                        UpdateRule.rows(training.optimizer()).stateSlots(), partition, null),
                    new Precisions(training.precision(), scoring.precision()))));
  }

  /**
   * Makes the backbone of a model alone, as a model without knowledge. It reads the embedding
   * tables of the other model, and must not outlive it.
   *
   * @param enhanced the other model, which was assembled from the same settings and data
   */
  public static TrainableModel plain(
      TrainableModel enhanced,
      ModelConfig model,
      TrainingConfig training,
      InferenceConfig scoring,
      PreparedData data) {
    ModelConfig plain = alone(model);
    return enhanced
        .engine()
        .finish(
            () ->
                new TrainableModel(
                    build(
                        enhanced.engine(),
                        plain,
                        Known.of(data),
                        null,
                        enhanced.assembled().sequences().inputs(),
                        training.seed(),
                        new TableOrigin(0, Partition.WHOLE, enhanced.tables()),
                        new Precisions(training.precision(), scoring.precision()))));
  }

  private static ModelConfig alone(ModelConfig model) {
    PluginChoice<?, ?> none =
        PluginChoice.of("none", new BackboneAlone(), new BackboneAlone.NoSettings());
    ModelConfig plain = Records.with(Records.with(model, "fusion", none), "itemKnowledge", null);
    return Records.with(Records.with(plain, "coldItems", null), "labels", Map.of());
  }

  /** Gives the logits of the backbone as they are. */
  private static final class BackboneAlone implements FusionHeadFactory<BackboneAlone.NoSettings> {

    record NoSettings() {}

    @Override
    public Class<NoSettings> configType() {
      return NoSettings.class;
    }

    @Override
    public Set<ModelInput> requires(NoSettings settings) {
      return Set.of();
    }

    @Override
    public FusionHead create(NoSettings settings, FusionContext context) {
      Backbone backbone = context.backbone(context.model().layout());
      return (pass, features) -> backbone.forward(pass, features).logit();
    }
  }

  /**
   * Makes a model that is read from files and not trained any further.
   *
   * @param encoder tells fields, scenarios and users
   * @param knowledge may be null where the head reads none
   * @param sequences may be null where the model has none
   */
  public static InferenceModel assemble(
      TensorEngine engine,
      ModelConfig model,
      InferenceConfig scoring,
      RowEncoder encoder,
      @Nullable KnowledgeInputs knowledge,
      @Nullable SequenceInputs sequences) {
    HalfPrecision.require("scoring.precision", scoring.precision(), engine);
    return engine.finish(
        () ->
            new InferenceModel(
                build(
                    engine,
                    model,
                    Known.of(encoder),
                    knowledge,
                    sequences,
                    0,
                    new TableOrigin(0, Partition.WHOLE, null),
                    new Precisions(Precision.FLOAT32, scoring.precision()))));
  }

  /**
   * What is known of the data that a model is for.
   *
   * @param who users, scenarios and items
   * @param rows the training rows of the values of a field, by id
   */
  private record Known(
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
  private record TableOrigin(
      int stateSlots, Partition partition, @Nullable EmbeddingTables others) {}

  private static AssembledModel build(
      TensorEngine engine,
      ModelConfig model,
      Known data,
      @Nullable KnowledgeInputs inputs,
      @Nullable SequenceInputs sequenceInputs,
      long seed,
      TableOrigin origin,
      Precisions precisions) {
    engine.recordGradients(false);
    DatasetManifest manifest = data.manifest();
    Set<ModelInput> required = required(model);
    ModelKnowledge knowledge = knowledge(model, required, data.who(), inputs);
    ColdShares coldShares = coldShares(model, data, knowledge, seed);
    int knowledgeSize = knowledge == null ? 0 : knowledge.scaling().dimension();
    HistoryInputs history = inputs == null ? null : inputs.history();
    SequencePlan plan = SequencePlan.of(model, manifest.fields(), sequenceInputs);
    ModelShape shape =
        shape(
            manifest.fields(),
            manifest.scenarios(),
            model,
            history == null ? null : history.config(),
            plan);
    NDManager manager = engine.engine().newBaseManager(engine.device());
    manager.setName("model");
    ParameterStore store = new ParameterStore(manager, seed);
    Workers workers = new Workers(engine.threads());
    HalfScript halves = null;
    try {
      halves = precisions.areHalf() ? HalfPrecision.script(engine) : null;
      ParameterArray scenarioTable =
          required.contains(ModelInput.SCENARIO_EMBEDDING) ? scenarioTable(store, shape) : null;
      KnowledgeParameters knowledgeParameters =
          knowledge == null
              ? KnowledgeParameters.NONE
              : KnowledgeParameters.of(
                  store, model, knowledge, history, ColdShares.width(coldShares, shape.layout()));
      ModelSequences sequences =
          ModelSequences.of(
              plan,
              manifest.fields(),
              store.context(ModelSequences.SCOPE, shape),
              sequenceInputs,
              required.contains(ModelInput.SEQUENCES));
      AssemblyContext context =
          new AssemblyContext(
              store::context,
              store::closed,
              shape,
              model,
              model.headReadsKnowledge() ? knowledgeSize : 0);
      FusionHead head = head(model, context, store);
      LabelTowers towers =
          LabelTowers.of(
              ModelLabels.of(model.labels(), manifest.labels()),
              model.labels(),
              context::shared,
              store.context("labels", shape));
      store.seal();
      return new AssembledModel(
          engine,
          manager,
          workers,
          tables(origin, model, manifest, sequences, seed, workers, Mkl.serves(manager)),
          store,
          shape,
          head,
          scenarioTable,
          knowledgeParameters,
          model.readsItems(),
          coldShares,
          knowledge,
          scenarioKnowledge(manager, knowledge, null),
          seed,
          precisions,
          halves,
          context.metaNetworks(),
          ModelIdentity.of(manifest, model, context.metaNetworkConfigs(), inputs),
          sequences,
          towers);
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

  private static FusionHead head(ModelConfig model, AssemblyContext context, ParameterStore store) {
    return new CheckedHead(
        model.fusion().create(FusionHeadFactory::create, context),
        new CheckedPart(model.fusion().calls(), store::closed, "fusion"),
        "The backbone %s with the fusion head %s"
            .formatted(model.backbone().name(), model.fusion().name()));
  }

  private static EmbeddingTables tables(
      TableOrigin origin,
      ModelConfig model,
      DatasetManifest manifest,
      ModelSequences sequences,
      long seed,
      Workers workers,
      boolean mkl) {
    EmbeddingTables others = origin.others();
    if (others != null) {
      return sequences.isEmpty() ? others : others.with(sequences.tables(others));
    }
    return new FieldTables(model, manifest.fields())
        .make(
            seed,
            origin.stateSlots(),
            workers,
            mkl,
            origin.partition(),
            vectors -> sequences.tables(vectors, seed, model.embeddingDeviation(), workers));
  }

  private static @Nullable ColdShares coldShares(
      ModelConfig model, Known data, @Nullable ModelKnowledge knowledge, long seed) {
    ColdItemsConfig config = model.coldItems();
    ItemKnowledge items = knowledge == null ? null : knowledge.items();
    return config == null || items == null
        ? null
        : ColdShares.of(config, data.manifest().fields(), data.rows(), items, seed);
  }

  /** Returns what the parts of a model read, together. */
  static Set<ModelInput> required(ModelConfig model) {
    Set<ModelInput> required = EnumSet.noneOf(ModelInput.class);
    required.addAll(model.requires());
    if (model.readsItems()) {
      required.add(ModelInput.ITEM_KNOWLEDGE);
    }
    required.addAll(model.backbone().ask(BackboneFactory::inputs));
    HiddenCheck.require(
        required,
        model.fusion().name(),
        model.backbone().ask(BackboneFactory::hasHidden),
        model.backbone().name());
    return required;
  }

  private static @Nullable ModelKnowledge knowledge(
      ModelConfig model,
      Set<ModelInput> required,
      Supplier<Population> who,
      @Nullable KnowledgeInputs inputs) {
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
    return ModelKnowledge.load(inputs, who.get(), levels);
  }

  /**
   * Makes an array of the vectors of all scenarios, (S, K).
   *
   * @param given as {@link Batch#scenarioVectors}
   */
  static @Nullable NDArray scenarioKnowledge(
      NDManager manager,
      @Nullable ModelKnowledge knowledge,
      float @Nullable [] @Nullable [] given) {
    BatchScenarios scenarios = BatchScenarios.of(knowledge);
    if (scenarios == null) {
      return null;
    }
    BatchInputs inputs = new BatchInputs();
    FloatBuffer target = inputs.floats((long) scenarios.size() * scenarios.dimension());
    scenarios.copy(given, target);
    return inputs.array(manager, new Shape(scenarios.size(), scenarios.dimension()));
  }

  /** Returns what the parts of a model get to know about the data. */
  static ModelShape shape(
      List<PreparedField> prepared,
      List<PreparedScenario> rows,
      ModelConfig model,
      @Nullable HistoryConfig history,
      SequencePlan sequences) {
    int width = model.embeddingSize();
    FeatureLayout layout = new FeatureLayout(new FieldTables(model, prepared).layout());
    ItemKnowledgeConfig items = model.itemKnowledge();
    if (items != null) {
      layout = layout.with(AddedField.ITEM, FieldRole.ITEM, items.widthBeside(width));
    }
    if (history != null) {
      int own = history.widthBeside(width);
      layout = layout.with(AddedField.HISTORY, FieldRole.CONTEXT, own);
    }
    layout = sequences.addTo(layout);
    List<Scenario> scenarios = new ArrayList<>();
    for (PreparedScenario scenario : rows) {
      scenarios.add(new Scenario(scenarios.size(), scenario.name(), scenario.rows().train()));
    }
    return new ModelShape(layout, scenarios, model.scenarioEmbeddingSize(), sequences.shapes());
  }

  private static ParameterArray scenarioTable(ParameterStore store, ModelShape shape) {
    return store.parameter(
        "scenario",
        "embedding",
        new Shape(shape.scenarios().size(), shape.scenarioEmbeddingSize()),
        new Initializer.Normal(EmbeddingTable.INITIAL_DEVIATION),
        Decay.YES);
  }
}
