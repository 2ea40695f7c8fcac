package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.runtime.config.CalibrationMethod;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.KnowledgeControl;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.ScheduleConfig;
import org.llm4msr.runtime.config.TrainingConfig;

/** What slow training says, and which settings are left to change. */
class SlowTrainingTest {

  private static final SlowTraining SLOW = new SlowTraining(9_900, 84_600, 4_096, 3_710, 5_400);
  private static final String SPEED =
      "Training is slow: 9,900 rows/s, while the backbone alone trains 84,600 (8.5 times as many);"
          + " a batch of 4,096 rows has 3,710 users. All epochs take 90 minutes, unless patience"
          + " ends them.";

  /** Settings of a meta network that has ranks. */
  record Ranked(int rank) {}

  private static final class Network implements MetaNetworkFactory<Ranked> {

    @Override
    public Class<Ranked> configType() {
      return Ranked.class;
    }

    @Override
    public MetaNetwork create(Ranked config, MetaContext context) {
      throw new UnsupportedOperationException("not needed");
    }
  }

  @Test
  void namesTheSettingsThatAreLeftToChange() {
    ExperimentConfig config = config(new TinyModels.Knowing(), 0, 1, 0);

    assertThat(SLOW.text(config, 384, 260))
        .isEqualTo(
            SPEED
                + " Faster: model.metaNetworks.user.rank: 8 (now 0: full matrices for each user);"
                + " training.groupUsers: 16 (now 1; a user has 260 training rows), so that a batch"
                + " has fewer users; knowledge.components: 64 (now 0: all 384 numbers of a"
                + " vector).");
  }

  @Test
  void namesNoneThatIsChangedOrDoesNotFit() {
    ExperimentConfig changed = config(new TinyModels.Knowing(), 8, 4, 64);
    ExperimentConfig unread = config(new TinyModels.Plain(), 0, 1, 0);

    assertThat(SLOW.text(changed, 384, 260)).isEqualTo(SPEED);
    assertThat(SLOW.text(unread, 384, 260)).as("no head reads vectors").isEqualTo(SPEED);
    assertThat(SLOW.text(config(new TinyModels.Knowing(), 8, 1, 0), 64, 6))
        .as("few numbers, and few rows of a user")
        .isEqualTo(SPEED);
    assertThat(new SlowTraining(100, 1_000, 64, 60, 9_000).text(changed, 64, 6))
        .contains("All epochs take 2.5 hours,");
  }

  private static ExperimentConfig config(
      FusionHeadFactory<TinyModels.NoConfig> head, int rank, int groupUsers, int components) {
    MetaNetworkConfig network =
        new MetaNetworkConfig(
            PluginChoice.of("ranked", new Network(), new Ranked(rank)),
            List.of(64),
            Activation.RELU,
            Activation.NONE);
    ModelConfig model = TinyModels.model(new TinyModels.Towers(), head);
    return new ExperimentConfig(
        "work",
        null,
        new KnowledgeConfig(
            null,
            null,
            Missing.MEAN,
            1,
            null,
            1,
            components,
            null,
            KnowledgeControl.OFF,
            null,
            KnowledgeConfig.Precision.FLOAT16),
        Records.with(model, "metaNetworks", new MetaNetworksConfig(network, network, null)),
        training(groupUsers),
        TinyModels.SCORING,
        null,
        null,
        null);
  }

  private static TrainingConfig training(int groupUsers) {
    return new TrainingConfig(
        5,
        4_096,
        TinyModels.optimizer(Rule.ADAM, 0.001),
        new ScheduleConfig(0, ScheduleConfig.Decay.NONE, 0),
        null,
        1,
        Map.of(),
        true,
        null,
        LossConfig.CROSS_ENTROPY,
        0,
        TrainingConfig.AUC,
        4,
        1_000_000,
        groupUsers,
        Precision.FLOAT32,
        CalibrationMethod.OFF,
        7);
  }
}
