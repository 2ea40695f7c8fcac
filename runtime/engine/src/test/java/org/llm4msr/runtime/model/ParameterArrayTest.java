package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;

/** Every way in which a gradient comes about, alone and with others. */
@Tag("engine")
class ParameterArrayTest {

  private final NDManager manager = TestEngine.manager();
  private final ParameterStore store = new ParameterStore(manager, 7);
  private final ParameterArray array =
      store.parameter("b", "w", new Shape(3, 1), Initializer.ones(), Decay.NO);

  @AfterEach
  void close() {
    store.close();
    manager.close();
  }

  @Test
  void isZeroWhereNoPassUsedIt() {
    assertThat(gradient()).containsExactly(0, 0, 0);
  }

  @Test
  void isThatOfTheWhole() {
    backward(whole(2));

    assertThat(gradient()).containsExactly(2, 2, 2);
  }

  @Test
  void isThatOfThePieces() {
    backward(pieces(10, 20));

    assertThat(gradient()).containsExactly(10, 20, 20);
  }

  @Test
  void isWhatWasWritten() {
    write(1, 2, 3);

    assertThat(gradient()).containsExactly(1, 2, 3);
  }

  @Test
  void isTheSumOfWhatWasAdded() {
    add(1, 2, 3);
    add(100, 200, 300);

    assertThat(gradient()).containsExactly(101, 202, 303);
    assertThat(gradient()).containsExactly(101, 202, 303);
  }

  @Test
  void isTheSumOfAllWays() {
    write(1, 2, 3);
    add(100, 200, 300);
    backward(whole(1000), pieces(10_000, 20_000));

    assertThat(gradient()).containsExactly(11_101, 21_202, 21_303);
  }

  @Test
  void endsWithTheStep() {
    write(1, 2, 3);
    add(100, 200, 300);
    backward(whole(1000), pieces(10_000, 20_000));
    array.push();

    assertThat(gradient()).containsExactly(0, 0, 0);
    write(4, 5, 6);
    assertThat(gradient()).containsExactly(4, 5, 6);
  }

  private interface Term {
    NDArray of(ParameterArray array);
  }

  private static Term whole(int factor) {
    return array -> array.array().mul(factor).sum();
  }

  /** The first row, and the other two; slices where the engine has no pieces. */
  private static Term pieces(int first, int others) {
    return array -> {
      NDList pieces =
          array
              .pieces(List.of(0, 1))
              .orElseGet(() -> new NDList(array.array().get("0:1"), array.array().get("1:")));
      return pieces.get(0).mul(first).sum().add(pieces.get(1).mul(others).sum());
    };
  }

  private void backward(Term... terms) {
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray loss = manager.zeros(new Shape());
      for (Term term : terms) {
        loss = term.of(array).add(loss);
      }
      collector.backward(loss);
    }
  }

  private void write(float... gradient) {
    array.written().write().asFloatBuffer().put(gradient);
  }

  private void add(float... gradient) {
    array.added().add(manager.create(gradient, new Shape(3, 1)));
  }

  private float[] gradient() {
    float[] gradient = new float[3];
    try (NDList arrays = array.gradients()) {
      FloatBuffer target = FloatBuffer.wrap(gradient);
      arrays.forEach(piece -> target.put(piece.toFloatArray()));
    }
    return gradient;
  }
}
