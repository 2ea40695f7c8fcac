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

@Tag("engine")
class BackbonesTest {

  static Stream<Arguments> backbones() {
    return Stream.of(
        Arguments.of("shared-bottom", sharedBottom(false)),
        Arguments.of("shared-bottom-norm", sharedBottom(true)),
        Arguments.of("mmoe", mmoe(3, List.of(4), false)),
        Arguments.of("mmoe-norm", mmoe(2, List.of(5, 4), true)));
  }

  private static Function<ModelContext, Backbone> sharedBottom(boolean norm) {
    SharedBottomConfig config =
        new SharedBottomConfig(List.of(5), List.of(3), Activation.RELU, 0, norm);
    return context -> new SharedBottomFactory().create(config, context);
  }

  private static Function<ModelContext, Backbone> mmoe(
      int experts, List<Integer> expert, boolean norm) {
    MmoeConfig config = new MmoeConfig(experts, expert, List.of(3), Activation.RELU, 0, norm, norm);
    return context -> new MmoeFactory().create(config, context);
  }

  @ParameterizedTest
  @MethodSource("backbones")
  void agreesWithAnIndependentImplementation(
      String name, Function<ModelContext, Backbone> backbone) {
    ModelFixture fixture = ModelFixture.read(BackbonesTest.class, name);

    fixture.assertMatches(ModelHarness.of(fixture.shape(), backbone));
  }
}
