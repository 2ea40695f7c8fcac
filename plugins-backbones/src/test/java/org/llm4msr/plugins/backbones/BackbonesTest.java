package org.llm4msr.plugins.backbones;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.tck.ModelFixture;
import org.llm4msr.tck.ModelHarness;
import org.llm4msr.tck.ModelRules;
import org.llm4msr.tck.TestBatch;

@Tag("engine")
class BackbonesTest {

  static Stream<Arguments> backbones() {
    return Stream.of(
        Arguments.of("shared-bottom", sharedBottom(false)),
        Arguments.of("shared-bottom-norm", sharedBottom(true)),
        Arguments.of("mmoe", mmoe(3, List.of(4), false)),
        Arguments.of("mmoe-norm", mmoe(2, List.of(5, 4), true)));
  }

  private static Function<Activation, Function<ModelContext, Backbone>> sharedBottom(boolean norm) {
    return activation -> {
      SharedBottomConfig config =
          new SharedBottomConfig(List.of(5), List.of(3), activation, 0, norm);
      return context -> new SharedBottomFactory().create(config, context);
    };
  }

  private static Function<Activation, Function<ModelContext, Backbone>> mmoe(
      int experts, List<Integer> expert, boolean norm) {
    return activation -> {
      MmoeConfig config = new MmoeConfig(experts, expert, List.of(3), activation, 0, norm, norm);
      return context -> new MmoeFactory().create(config, context);
    };
  }

  @ParameterizedTest
  @MethodSource("backbones")
  void agreesWithAnIndependentImplementation(
      String name, Function<Activation, Function<ModelContext, Backbone>> backbone) {
    ModelFixture fixture = ModelFixture.read(BackbonesTest.class, name);

    fixture.assertMatches(ModelHarness.of(fixture.shape(), backbone.apply(Activation.RELU)));
  }

  @ParameterizedTest
  @MethodSource("backbones")
  void keepsTheRulesOfModels(
      String name, Function<Activation, Function<ModelContext, Backbone>> backbone) {
    ModelFixture fixture = ModelFixture.read(BackbonesTest.class, name);
    // Leaky, since a tower of three units may be dead at its start.
    ModelHarness.Parts parts =
        ModelHarness.of(fixture.shape(), backbone.apply(Activation.LEAKY_RELU));
    TestBatch batch = TestBatch.random(1, 60, 6, 4, 9, 2, 1);

    ModelRules.assertDeterministic(parts, batch);
    try (ModelHarness model = parts.create()) {
      ModelRules.assertGradientReachesEveryParameter(model, batch);
      ModelRules.assertRowsAreIndependent(model, batch);
      ModelRules.assertOrderDoesNotMatter(model, batch);
      ModelRules.assertAbsentScenarioIsLeftAlone(model, batch, 1, "tower.1/");
    }
  }
}
