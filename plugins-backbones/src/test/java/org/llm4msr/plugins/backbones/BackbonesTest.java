package org.llm4msr.plugins.backbones;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.plugins.backbones.adaptive.AdaSparseConfig;
import org.llm4msr.plugins.backbones.adaptive.AdaSparseFactory;
import org.llm4msr.plugins.backbones.adaptive.AdaptDhmConfig;
import org.llm4msr.plugins.backbones.adaptive.AdaptDhmFactory;
import org.llm4msr.plugins.backbones.adaptive.AitmConfig;
import org.llm4msr.plugins.backbones.adaptive.AitmFactory;
import org.llm4msr.plugins.backbones.adaptive.HamurConfig;
import org.llm4msr.plugins.backbones.adaptive.HamurFactory;
import org.llm4msr.plugins.backbones.adaptive.M3oeConfig;
import org.llm4msr.plugins.backbones.adaptive.M3oeFactory;
import org.llm4msr.plugins.backbones.adaptive.PpNetConfig;
import org.llm4msr.plugins.backbones.adaptive.PpNetFactory;
import org.llm4msr.plugins.backbones.adaptive.StarConfig;
import org.llm4msr.plugins.backbones.adaptive.StarFactory;
import org.llm4msr.plugins.backbones.experts.HiNetConfig;
import org.llm4msr.plugins.backbones.experts.HiNetFactory;
import org.llm4msr.plugins.backbones.experts.M2mConfig;
import org.llm4msr.plugins.backbones.experts.M2mFactory;
import org.llm4msr.plugins.backbones.experts.MmoeConfig;
import org.llm4msr.plugins.backbones.experts.MmoeFactory;
import org.llm4msr.plugins.backbones.experts.OmoeFactory;
import org.llm4msr.plugins.backbones.experts.PleConfig;
import org.llm4msr.plugins.backbones.experts.PleFactory;
import org.llm4msr.plugins.backbones.experts.SarNetConfig;
import org.llm4msr.plugins.backbones.experts.SarNetFactory;
import org.llm4msr.plugins.backbones.experts.SharedBottomConfig;
import org.llm4msr.plugins.backbones.experts.SharedBottomFactory;
import org.llm4msr.tck.ModelFixture;
import org.llm4msr.tck.harness.ModelHarness;

@Tag("engine")
class BackbonesTest {

  private static final Activation RELU = Activation.RELU;

  static Stream<Arguments> backbones() {
    return Stream.of(
        Arguments.of("shared-bottom", sharedBottom(false)),
        Arguments.of("shared-bottom-norm", sharedBottom(true)),
        Arguments.of("mmoe", mmoe(3, List.of(4), false)),
        Arguments.of("mmoe-norm", mmoe(2, List.of(5, 4), true)));
  }

  private static Function<ModelContext, Backbone> sharedBottom(boolean norm) {
    return made(
        new SharedBottomFactory(), new SharedBottomConfig(List.of(5), List.of(3), RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> mmoe(
      int experts, List<Integer> expert, boolean norm) {
    return made(
        new MmoeFactory(), new MmoeConfig(experts, expert, List.of(3), RELU, 0, norm, norm));
  }

  private static <C extends Record> Function<ModelContext, Backbone> made(
      BackboneFactory<C> factory, C config) {
    return context -> factory.create(config, context);
  }

  @ParameterizedTest
  @MethodSource("backbones")
  void agreesWithAnIndependentImplementation(
      String name, Function<ModelContext, Backbone> backbone) {
    ModelFixture fixture = ModelFixture.read(BackbonesTest.class, name);

    fixture.assertMatches(ModelHarness.of(fixture.shape(), backbone));
  }

  static Stream<Arguments> backbonesWithHidden() {
    return Stream.of(
        Arguments.of("omoe", omoe(3, List.of(4), false)),
        Arguments.of("omoe-norm", omoe(2, List.of(5, 4), true)),
        Arguments.of("ple", ple(1, 2, 1, List.of(4, 3), false)),
        Arguments.of("ple-norm", ple(1, 2, 2, List.of(4), true)),
        Arguments.of("ple-levels", ple(3, 1, 2, List.of(3), false)),
        Arguments.of("ple-levels-norm", ple(2, 2, 1, List.of(4, 3), true)),
        Arguments.of(
            "star", made(new StarFactory(), new StarConfig(List.of(5, 4), List.of(3), RELU, 0))),
        Arguments.of("aitm", aitm(List.of(5, 4), List.of(3), false)),
        Arguments.of("aitm-norm", aitm(List.of(4), List.of(), true)),
        Arguments.of("sar-net", sarNet(1, List.of(3), false)),
        Arguments.of("sar-net-norm", sarNet(2, List.of(4, 3), true)),
        Arguments.of("m2m", m2m(3, 2, List.of(4), false)),
        Arguments.of("m2m-norm", m2m(2, 1, List.of(4, 3), true)),
        Arguments.of(
            "adasparse-binary", adaSparse(List.of(5, 4), AdaSparseConfig.Form.BINARY, false)),
        Arguments.of(
            "adasparse-scaling", adaSparse(List.of(4), AdaSparseConfig.Form.SCALING, false)),
        Arguments.of(
            "adasparse-fusion", adaSparse(List.of(5, 4), AdaSparseConfig.Form.FUSION, true)),
        Arguments.of(
            "adaptdhm",
            made(
                new AdaptDhmFactory(), new AdaptDhmConfig(3, 0.9, 3, 0.1, List.of(5, 4), RELU, 0))),
        Arguments.of("ppnet", ppNet(List.of(4, 3), List.of(), false)),
        Arguments.of("ppnet-norm", ppNet(List.of(5, 4), List.of("f4", "f0"), true)),
        Arguments.of("hamur", hamur(1, 3, 3, 4, false)),
        Arguments.of("hamur-norm", hamur(2, 2, 3, 3, true)),
        Arguments.of(
            "m3oe",
            made(new M3oeFactory(), new M3oeConfig(5, 4, 2, List.of(3), List.of(3), RELU, 0))),
        Arguments.of("hinet", hiNet(2, 2, List.of(4, 3), false)),
        Arguments.of("hinet-norm", hiNet(3, 1, List.of(3), true)));
  }

  private static Function<ModelContext, Backbone> omoe(
      int experts, List<Integer> expert, boolean norm) {
    return made(
        new OmoeFactory(), new MmoeConfig(experts, expert, List.of(3), RELU, 0, norm, norm));
  }

  private static Function<ModelContext, Backbone> ple(
      int levels, int specific, int shared, List<Integer> expert, boolean norm) {
    return made(
        new PleFactory(),
        new PleConfig(levels, specific, shared, expert, List.of(3), RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> aitm(
      List<Integer> bottom, List<Integer> tower, boolean norm) {
    return made(
        new AitmFactory(), new AitmConfig(bottom, tower, AitmConfig.Order.SIZE, RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> sarNet(
      int specific, List<Integer> tower, boolean norm) {
    return made(
        new SarNetFactory(), new SarNetConfig(2, specific, 3, tower, RELU, 0, norm, Map.of()));
  }

  private static Function<ModelContext, Backbone> m2m(
      int experts, int towerLayers, List<Integer> output, boolean norm) {
    return made(
        new M2mFactory(),
        new M2mConfig(experts, 3, towerLayers, output, Activation.LEAKY_RELU, 0, norm, 2, 0));
  }

  private static Function<ModelContext, Backbone> adaSparse(
      List<Integer> layers, AdaSparseConfig.Form form, boolean norm) {
    return made(
        new AdaSparseFactory(),
        new AdaSparseConfig(layers, form, 2, 0.3, 1.3, 0.4, 1.6, 0.15, 0.25, 0.1, RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> ppNet(
      List<Integer> layers, List<String> priors, boolean norm) {
    return made(new PpNetFactory(), new PpNetConfig(layers, priors, RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> hamur(
      int adapters, int bottleneck, int rank, int hyper, boolean norm) {
    return made(
        new HamurFactory(),
        new HamurConfig(List.of(4, 3), adapters, bottleneck, rank, List.of(hyper), RELU, 0, norm));
  }

  private static Function<ModelContext, Backbone> hiNet(
      int shared, int specific, List<Integer> expert, boolean norm) {
    return made(
        new HiNetFactory(), new HiNetConfig(shared, specific, expert, List.of(3), RELU, 0, norm));
  }

  @ParameterizedTest
  @MethodSource("backbonesWithHidden")
  void agreesWithAnIndependentImplementationInHiddenUnitsToo(
      String name, Function<ModelContext, Backbone> backbone) {
    ModelFixture.read(BackbonesTest.class, name).assertMatches(backbone);
  }
}
