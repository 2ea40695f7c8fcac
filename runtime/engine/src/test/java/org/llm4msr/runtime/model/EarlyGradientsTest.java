package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.runtime.config.Precision;

/** Which gradients a tape says to be complete while it computes others. */
class EarlyGradientsTest extends ProductsTest {

  private static final int ROWS = 6;
  private static final int SIZE = 4;

  private final Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
  private final ParameterArray first = parameter("first", draw(SIZE * SIZE), SIZE, SIZE);
  private final ParameterArray second = parameter("second", draw(SIZE * SIZE), SIZE, SIZE);
  private final NDArray x = manager.create(draw(ROWS * SIZE), new Shape(ROWS, SIZE));
  private final Map<ParameterArray, float[]> complete = new LinkedHashMap<>();

  private NDArray layer(NDArray rows, ParameterArray weight) {
    ChainedLayer layer = new ChainedLayer(weight, null, Follow.NOTHING);
    return new DenseLayers(tape).layers(rows, List.of(layer)).orElseThrow();
  }

  private interface Network {
    NDArray of(NDArray rows);
  }

  private void backward(Network network) {
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray loss = network.of(x).square().sum();
      tape.backward(
          collector,
          loss,
          array -> {
            float[] gradient = new float[(int) array.shape().size()];
            array.writtenGradient().get(gradient);
            assertThat(complete.put(array, gradient)).isNull();
          });
    }
    complete.forEach((array, gradient) -> assertThat(gradient(array)).isEqualTo(gradient));
  }

  @Test
  void thoseOfTheLastLayersComeFirst() {
    backward(rows -> layer(layer(rows, first), second));

    assertThat(complete.keySet()).containsExactly(second, first);
  }

  @Test
  void waitForAllLayersThatReadTheParameter() {
    backward(rows -> layer(layer(layer(rows, first), second), first));

    assertThat(complete.keySet()).containsExactly(second, first);
  }

  @Test
  void leaveOutWhatTheEngineReads() {
    backward(rows -> layer(layer(rows, first).matMul(second.array()), second));

    assertThat(complete.keySet()).containsExactly(first);
  }

  @Test
  void leaveOutWhatNothingDependsOn() {
    backward(
        rows -> {
          NDArray unused = layer(rows, first);
          assertThat(unused.getShape()).isEqualTo(new Shape(ROWS, SIZE));
          return layer(layer(rows, first), second);
        });

    assertThat(complete.keySet()).containsExactly(second);
  }

  @Test
  void beginAnewWithEachStep() {
    NDArray unused = layer(x, first);
    assertThat(unused.getShape()).isEqualTo(new Shape(ROWS, SIZE));
    store.endStep();

    backward(rows -> layer(layer(rows, first), second));

    assertThat(complete.keySet()).containsExactly(second, first);
  }
}
