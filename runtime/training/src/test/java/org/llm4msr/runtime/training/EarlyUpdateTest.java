package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.toolkit.model.Linear;

/** Large parameters move while gradients of others are computed, unless a norm needs all. */
@Tag("engine")
class EarlyUpdateTest {

  private static final int WIDTH = 2048;

  private static final List<MemoryData.Row> ROWS =
      List.of(
          new MemoryData.Row(0, 3, 5, 0.5f, new int[] {1, 2}, 1),
          new MemoryData.Row(2, 3, 6, -2, new int[] {}, 0),
          new MemoryData.Row(2, 7, 5, 1, new int[] {2, 2, 4}, 1));

  /** Two layers, the first of which has many weights. */
  private static final class Wide implements BackboneFactory<TinyModels.NoConfig> {

    @Override
    public Class<TinyModels.NoConfig> configType() {
      return TinyModels.NoConfig.class;
    }

    @Override
    public Backbone create(TinyModels.NoConfig config, ModelContext context) {
      Linear hidden = new Linear(context.scope("hidden"), context.layout().width(), WIDTH);
      Linear logit = new Linear(context.scope("logit"), WIDTH, 1);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          NDArray h = hidden.forward(pass, features.flat(), Activation.RELU);
          return new BackboneOutput(null, logit.forward(pass, h, Activation.NONE).squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return 0;
        }
      };
    }

    @Override
    public boolean hasHidden(TinyModels.NoConfig config) {
      return false;
    }
  }

  @Test
  void changesNoResult() {
    OptimizerConfig adam = new OptimizerConfig(Rule.ADAM, 0.01, 0.9, 0.999, 1e-8, true, 0.1, 0.1);
    TrainingConfig early = TinyModels.training(adam, 1, 3);
    TrainingConfig late = Records.with(early, "clipNorm", 1e30); // Larger than any norm here.
    try (TensorEngine engine = TinyModels.engine()) {
      assertThat(trained(engine, early)).isEqualTo(trained(engine, late));
    }
  }

  private static float[] trained(TensorEngine engine, TrainingConfig config) {
    MemoryData data = MemoryData.of(ROWS);
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            TinyModels.model(new Wide(), new TinyModels.Plain()),
            config,
            TinyModels.SCORING,
            data,
            null)) {
      float[] start = TinyModels.state(model);
      TrainingStep step = new TrainingStep(model, config, data);
      try (BatchSource source = data.sequential(Split.TRAIN, ROWS.size())) {
        Batch batch = source.newBatch();
        source.next(batch);
        for (int i = 0; i < 5; i++) {
          int number = i;
          engine.call(() -> step.run(batch, number, 0.01));
        }
      }
      assertThat(TinyModels.values(model, "backbone/hidden/weight")).hasSizeGreaterThan(1 << 14);
      assertThat(TinyModels.state(model)).isNotEqualTo(start);
      return TinyModels.state(model);
    }
  }
}
