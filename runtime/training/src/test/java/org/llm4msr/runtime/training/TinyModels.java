package org.llm4msr.runtime.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.norm.Dropout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.CalibrationMethod;
import org.llm4msr.runtime.config.InferenceConfig;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.ScheduleConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Scale;

/** Models that are just large enough to test the trainer, and configurations for them. */
final class TinyModels {

  /** How models score. */
  static final InferenceConfig SCORING = new InferenceConfig(Precision.FLOAT32, false);

  record NoConfig() {}

  private TinyModels() {}

  static TensorEngine engine() {
    return TestEngine.open();
  }

  /** logit = x v: gradients are easily written by hand. */
  static final class Linear implements BackboneFactory<NoConfig> {
    @Override
    public Class<NoConfig> configType() {
      return NoConfig.class;
    }

    @Override
    public Backbone create(NoConfig config, ModelContext context) {
      Parameter v =
          context.parameter(
              "v", new Shape(context.layout().width(), 1), new Initializer.Uniform(1), Decay.YES);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          return new BackboneOutput(null, features.flat().dot(v.array()).squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return 0;
        }
      };
    }

    @Override
    public boolean hasHidden(NoConfig config) {
      return false;
    }
  }

  /** One hidden layer with dropout, and a tower a scenario that absent scenarios do not touch. */
  static final class Towers implements BackboneFactory<NoConfig> {
    private static final int HIDDEN = 16;

    private final boolean together;

    Towers() {
      this(false);
    }

    /** Makes towers whose weights lie in one array, or in an array each. */
    Towers(boolean together) {
      this.together = together;
    }

    @Override
    public Class<NoConfig> configType() {
      return NoConfig.class;
    }

    @Override
    public Backbone create(NoConfig config, ModelContext context) {
      int width = context.layout().width();
      Parameter weight =
          context.parameter(
              "weight", new Shape(width, HIDDEN), Initializer.linear(width), Decay.YES);
      Parameter bias = context.parameter("bias", new Shape(HIDDEN), Initializer.zeros(), Decay.NO);
      int scenarios = context.scenarios().size();
      Parameter all = together ? tower(context.each("tower", scenarios)) : null;
      List<Parameter> towers =
          together
              ? List.of()
              : context.scenarios().stream()
                  .map(s -> tower(context.scope("tower." + s.rank())))
                  .toList();
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          NDArray hidden = Activation.relu(features.flat().dot(weight.array()).add(bias.array()));
          if (pass.training()) {
            hidden = Dropout.dropout(hidden, 0.1f, true).singletonOrThrow();
          }
          NDArray logits =
              all == null
                  ? logits(pass, hidden, towers)
                  : GroupedRows.of(pass.scenarios(), hidden).times(all.array()).toRows();
          return new BackboneOutput(hidden, logits.squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return HIDDEN;
        }
      };
    }

    private static Parameter tower(ModelContext context) {
      return context.parameter(
          "weight", new Shape(HIDDEN, 1), Initializer.linear(HIDDEN), Decay.YES);
    }

    private static NDArray logits(Pass pass, NDArray hidden, List<Parameter> towers) {
      List<Segment> segments = pass.scenarios().segments();
      NDArray ordered = pass.scenarios().order(hidden);
      NDList parts =
          segments.size() == 1
              ? new NDList(ordered)
              : ordered.split(segments.stream().skip(1).mapToLong(Segment::from).toArray());
      NDList logits = new NDList();
      for (int i = 0; i < segments.size(); i++) {
        logits.add(parts.get(i).dot(towers.get(segments.get(i).group()).array()));
      }
      NDArray all = logits.size() == 1 ? logits.get(0) : NDArrays.concat(logits);
      return pass.scenarios().restore(all);
    }

    @Override
    public boolean hasHidden(NoConfig config) {
      return true;
    }
  }

  /** The backbone alone. */
  static final class Plain implements FusionHeadFactory<NoConfig> {
    @Override
    public Class<NoConfig> configType() {
      return NoConfig.class;
    }

    @Override
    public FusionHead create(NoConfig config, FusionContext context) {
      Backbone backbone = context.backbone(context.model().layout());
      return (pass, features) -> backbone.forward(pass, features).logit();
    }

    @Override
    public Set<ModelInput> requires(NoConfig config) {
      return Set.of();
    }
  }

  /** Adds a linear form of both kinds of knowledge to the backbone's logit. */
  static final class Knowing implements FusionHeadFactory<NoConfig> {
    @Override
    public Class<NoConfig> configType() {
      return NoConfig.class;
    }

    @Override
    public FusionHead create(NoConfig config, FusionContext context) {
      Backbone backbone = context.backbone(context.model().layout());
      Shape shape = new Shape(context.knowledgeSize(), 1);
      Parameter user =
          context.model().parameter("user", shape, new Initializer.Normal(0.1), Decay.YES);
      Parameter scenario =
          context.model().parameter("scenario", shape, new Initializer.Normal(0.1), Decay.YES);
      return (pass, features) -> {
        NDArray byUser = features.userKnowledge().dot(user.array());
        NDArray byScenario = features.scenarioKnowledge().dot(scenario.array());
        NDArray logit = backbone.forward(pass, features).logit();
        pass.addLoss("size", Scale.by(byUser.square().mean(), 0.01));
        return logit
            .reshape(-1, 1)
            .add(pass.users().rowValues(byUser))
            .add(pass.scenarios().rowValues(byScenario))
            .squeeze(-1);
      };
    }

    @Override
    public Set<ModelInput> requires(NoConfig config) {
      return EnumSet.of(
          ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE, ModelInput.SCENARIO_EMBEDDING);
    }
  }

  static ModelConfig model(BackboneFactory<NoConfig> backbone, FusionHeadFactory<NoConfig> head) {
    return new ModelConfig(
        4,
        4,
        PluginChoice.of("tiny", backbone, new NoConfig()),
        PluginChoice.of("tiny-head", head, new NoConfig()),
        new MetaNetworksConfig(null, null, null),
        null,
        Map.of(),
        false,
        Map.of(),
        null,
        Map.of(),
        ModelConfig.DEVIATION);
  }

  static OptimizerConfig optimizer(OptimizerConfig.Rule rule, double learningRate) {
    return new OptimizerConfig(rule, learningRate, 0.9, 0.999, 1e-8, true, 1e-6, 1e-6);
  }

  static TrainingConfig training(OptimizerConfig optimizer, int epochs, int batchSize) {
    return training(optimizer, epochs, batchSize, 0, 0, Map.of());
  }

  static TrainingConfig training(
      OptimizerConfig optimizer,
      int epochs,
      int batchSize,
      int validateEvery,
      int patience,
      Map<String, Double> weights) {
    return training(
        optimizer,
        epochs,
        batchSize,
        validateEvery,
        patience,
        weights,
        null,
        LossConfig.CROSS_ENTROPY);
  }

  static TrainingConfig training(
      OptimizerConfig optimizer,
      int epochs,
      int batchSize,
      int validateEvery,
      int patience,
      Map<String, Double> weights,
      @Nullable Double halfLifeDays,
      LossConfig loss) {
    return training(
        optimizer,
        epochs,
        batchSize,
        validateEvery,
        TrainingConfig.AUC,
        patience,
        weights,
        halfLifeDays,
        loss);
  }

  static TrainingConfig training(
      OptimizerConfig optimizer,
      int epochs,
      int batchSize,
      int validateEvery,
      String monitor,
      int patience,
      Map<String, Double> weights,
      @Nullable Double halfLifeDays,
      LossConfig loss) {
    return new TrainingConfig(
        epochs,
        batchSize,
        optimizer,
        new ScheduleConfig(0, ScheduleConfig.Decay.NONE, 0),
        null,
        1,
        weights,
        true,
        halfLifeDays,
        loss,
        validateEvery,
        monitor,
        patience,
        1_000_000,
        1,
        Precision.FLOAT32,
        CalibrationMethod.OFF,
        7);
  }

  /** Random vectors; the last {@code without} keys have none. */
  static KnowledgeSource knowledge(int dimension, String prefix, int count) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return dimension;
      }

      @Override
      public boolean read(String key, float[] target) {
        int index = Integer.parseInt(key.substring(prefix.length()));
        if (index >= count) {
          return false;
        }
        Random random = new Random(index * 7919L);
        for (int d = 0; d < dimension; d++) {
          target[d] = (float) (random.nextGaussian() * (d == 0 ? 100 : 1) + d);
        }
        return true;
      }
    };
  }

  /** Copies all that trains, to compare. */
  static float[] state(TrainableModel model) {
    List<float[]> parts = new ArrayList<>();
    model
        .tables()
        .tables()
        .forEach(
            table -> {
              float[] values = new float[table.rows() * table.dimension()];
              table.read(0, 0, table.rows(), values);
              parts.add(values);
            });
    model
        .parameters()
        .parameters()
        .forEach(
            parameter -> {
              float[] values = new float[parameter.size()];
              parameter.values().get(values);
              parts.add(values);
            });
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  static float[] values(TrainableModel model, @Nullable String name) {
    return model.parameters().parameters().stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst()
        .map(
            parameter -> {
              float[] values = new float[parameter.size()];
              parameter.values().get(values);
              return values;
            })
        .orElseThrow();
  }
}
