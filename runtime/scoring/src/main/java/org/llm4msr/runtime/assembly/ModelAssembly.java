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
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.InferenceConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ItemKnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.HalfPrecision;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.HiddenCheck;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.tables.UpdateRule;

/** Puts a model together from configuration, prepared data and knowledge. */
public final class ModelAssembly {

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
                new ModelBuild(
                        engine,
                        model,
                        ModelBuild.Known.of(data),
                        knowledge,
                        sequences,
                        training.seed(),
                        new ModelBuild.TableOrigin(
                            UpdateRule.rows(training.optimizer()).stateSlots(), partition, null),
                        new Precisions(training.precision(), scoring.precision()))
                    .build()));
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
                    new ModelBuild(
                            enhanced.engine(),
                            plain,
                            ModelBuild.Known.of(data),
                            null,
                            enhanced.assembled().sequences().inputs(),
                            training.seed(),
                            new ModelBuild.TableOrigin(0, Partition.WHOLE, enhanced.tables()),
                            new Precisions(training.precision(), scoring.precision()))
                        .build()));
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
                new ModelBuild(
                        engine,
                        model,
                        ModelBuild.Known.of(encoder),
                        knowledge,
                        sequences,
                        0,
                        new ModelBuild.TableOrigin(0, Partition.WHOLE, null),
                        new Precisions(Precision.FLOAT32, scoring.precision()))
                    .build()));
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

  /**
   * Makes an array of the vectors of all scenarios, (S, K).
   *
   * @param given as {@link Batch#scenarioVectors}
   */
  static @Nullable NDArray scenarioKnowledge(
      NDManager manager,
      @Nullable ModelKnowledge knowledge,
      float @Nullable [] @Nullable [] given) {
    VectorLookup scenarios = knowledge == null ? null : knowledge.scenarios();
    if (scenarios == null) {
      return null;
    }
    BatchInputs inputs = new BatchInputs();
    FloatBuffer target = inputs.floats((long) scenarios.size() * scenarios.dimension());
    scenarios.copyAll(given, target);
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
}
