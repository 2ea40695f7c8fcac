package org.llm4msr.toolkit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.Workers;
import org.llm4msr.tck.harness.TestEngines;

/** Networks that the runtime computes have the values and gradients that the engine computes. */
@Tag("engine")
class LayersTest {

  private static final int IN = 5;
  private static final int EXPERTS = 3;
  private static final List<Integer> WIDTHS = List.of(6, 4);

  private final Workers workers = new Workers(2);

  @BeforeEach
  void onlyWhereTheRuntimeComputes() {
    try (NDManager manager = TestEngines.manager()) {
      assumeThat(Mkl.serves(manager)).isTrue();
    }
  }

  @AfterEach
  void close() {
    workers.close();
  }

  static Stream<Arguments> settings() {
    return Arrays.stream(Activation.values())
        .flatMap(
            activation ->
                Stream.of(
                    Arguments.of(9, new BlockSettings(activation, 0, false)),
                    Arguments.of(9, new BlockSettings(activation, 0.5, false)),
                    Arguments.of(9, new BlockSettings(activation, 0, true)),
                    Arguments.of(9, new BlockSettings(activation, 0.5, true)),
                    Arguments.of(1, new BlockSettings(activation, 0.5, true))));
  }

  private interface Network {
    NDArray of(Pass pass, NDArray x);
  }

  private interface Maker {
    Network make(ParameterStore store);
  }

  /** The result, the gradients of all parameters and of the input, and the statistics. */
  private List<float[]> run(int rows, Maker maker, boolean byRuntime) {
    try (NDManager manager = TestEngines.manager();
        ParameterStore store = new ParameterStore(manager, 3)) {
      Network network = maker.make(store);
      Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
      GroupingPlan all = GroupingPlan.of(manager, new int[rows], rows, 1, true);
      DropoutMasks masks = new DropoutMasks(5);
      Pass pass = new PassContext(manager, true, 2, all, all, null, masks, byRuntime ? tape : null);
      NDArray x = manager.create(draw(rows * IN), new Shape(rows, IN));
      x.setRequiresGradient(true);
      List<float[]> found = new ArrayList<>();
      try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
        NDArray y = network.of(pass, x);
        tape.backward(collector, y.square().sum());
        found.add(y.toFloatArray());
      }
      found.add(x.getGradient().toFloatArray());
      store
          .parameters()
          .forEach(
              parameter ->
                  parameter.readGradient(
                      (p, gradient) -> {
                        float[] copy = new float[p.size()];
                        gradient.get(copy);
                        found.add(copy);
                      }));
      for (Map.Entry<String, float[]> buffer : store.bufferValues().entrySet()) {
        found.add(buffer.getValue());
      }
      return found;
    }
  }

  private static float[] draw(int count) {
    Random random = new Random(4);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void assertEqual(int rows, Maker maker) {
    List<float[]> ours = run(rows, maker, true);
    List<float[]> engine = run(rows, maker, false);
    assertThat(ours).hasSameSizeAs(engine);
    for (int i = 0; i < ours.size(); i++) {
      assertThat(ours.get(i)).containsExactly(engine.get(i), within(2e-4f));
    }
  }

  private static ModelShape shape() {
    return new ModelShape(new FeatureLayout(List.of()), List.of(), 1);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void mlp(int rows, BlockSettings settings) {
    assertEqual(
        rows, store -> new Mlp(store.context("mlp", shape()), IN, WIDTHS, settings)::forward);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void productThatIsAdded(Activation activation) {
    assertEqual(
        9,
        store -> {
          ModelContext context = store.context("sum", shape());
          Initializer drawn = new Initializer.Uniform(1);
          Parameter weight = context.parameter("weight", new Shape(IN, 4), drawn, Decay.YES);
          Parameter bias = context.parameter("bias", new Shape(4), drawn, Decay.NO);
          Parameter other = context.parameter("other", new Shape(IN, 4), drawn, Decay.YES);
          return (pass, x) -> {
            Follow relu = new Follow(Activation.RELU, null);
            NDArray plus = Layers.linear(pass, x, weight, bias, relu);
            return Layers.addProduct(pass, plus, x, other, activation);
          };
        });
  }

  @ParameterizedTest
  @MethodSource("settings")
  void experts(int rows, BlockSettings settings) {
    assertEqual(
        rows,
        store ->
            new ExpertGroup(store.context("experts", shape()), IN, EXPERTS, WIDTHS, settings)
                ::forward);
  }
}
