package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.config.Precision;

/** Gradients by hand, of small whole numbers, which float32 holds exactly. */
class TapeTest extends ProductsTest {

  private final Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
  private final List<String> ran = new ArrayList<>();

  /** Squares numbers outside the engine: the derivative is twice the number. */
  private NDArray square(String name, NDArray array) {
    Tape.Leaf taken = tape.take(array);
    NDArray values = taken.array();
    return tape.give(
        values.mul(values),
        gradient -> {
          ran.add(name);
          if (taken.isWanted()) {
            taken.add(gradient.mul(values).mul(two()));
          }
        });
  }

  private NDArray two() {
    return manager.create(2f);
  }

  private NDArray input(float... numbers) {
    NDArray x = manager.create(numbers);
    x.setRequiresGradient(true);
    return x;
  }

  private interface Loss {
    NDArray of();
  }

  private void backward(Loss loss) {
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      tape.backward(collector, loss.of().sum());
    }
  }

  /** 10 (2 x)^2 has the derivative 80 x. */
  @Test
  void gradientsGoFromTheEngineThroughAnOperationToTheEngine() {
    NDArray x = input(1, 2, -3);

    backward(() -> square("square", x.mul(two())).mul(manager.create(10f)));

    assertThat(x.getGradient().toFloatArray()).containsExactly(80, 160, -240);
  }

  /** x^2 twice, as y and in y^2 = x^4, and x itself: 2 x + 4 x^3 + 1. */
  @Test
  void gradientsOfAllUsesAddUp() {
    NDArray x = input(1, 2, -3);

    backward(
        () -> {
          NDArray h = x.mul(manager.create(1f));
          NDArray y = square("first", h);
          return y.add(square("second", y)).add(h);
        });

    assertThat(x.getGradient().toFloatArray()).containsExactly(7, 37, -113);
    assertThat(ran).as("the last first").containsExactly("second", "first");
  }

  @Test
  void anOperationOnWhichNothingDependsIsLeftOut() {
    NDArray x = input(1, 2);

    backward(
        () -> {
          NDArray h = x.mul(two());
          NDArray unused = square("unused", h);
          assertThat(unused.toFloatArray()).containsExactly(4, 16);
          return square("used", h);
        });

    assertThat(ran).containsExactly("used");
    assertThat(x.getGradient().toFloatArray()).containsExactly(8, 16);
  }

  @Test
  void ofSeveralResultsThoseOnWhichNothingDependsHaveNone() {
    List<@Nullable NDArray> seen = new ArrayList<>();
    NDArray a = manager.create(new float[] {1, 2});
    NDArray b = manager.create(new float[] {3, 4});

    backward(() -> tape.give(List.of(a, b), seen::addAll).get(1).mul(two()));

    assertThat(seen).hasSize(2).first().isNull();
    assertThat(requireNonNull(seen.get(1)).toFloatArray()).containsExactly(2, 2);
  }

  /** The engine may give both results of a sum one memory. */
  @Test
  void eachResultHasAGradientOfItsOwn() {
    List<float[]> seen = new ArrayList<>();
    NDArray a = manager.create(new float[] {1, 2}, new Shape(2, 1));
    NDArray b = manager.create(new float[] {3, 4}, new Shape(2, 1));

    backward(
        () -> {
          List<NDArray> given =
              tape.give(
                  List.of(a, b),
                  gradients -> {
                    requireNonNull(gradients.get(0)).muli(5);
                    gradients.forEach(each -> seen.add(requireNonNull(each).toFloatArray()));
                  });
          return given.get(0).add(given.get(1));
        });

    assertThat(seen).containsExactly(new float[] {5, 5}, new float[] {1, 1});
  }

  @Test
  void whatNeedsNoGradientIsNotWanted() {
    NDArray constant = manager.create(new float[] {3, 4});
    NDArray x = input(1, 2);

    backward(
        () -> {
          assertThat(tape.take(constant).isWanted()).isFalse();
          assertThat(tape.take(x).isWanted()).isTrue();
          assertThat(tape.take(x)).as("one for an array").isSameAs(tape.take(x));
          return square("constant", constant).mul(x);
        });

    assertThat(ran).containsExactly("constant");
    assertThat(x.getGradient().toFloatArray()).containsExactly(9, 16);
  }

  /** x^2 outside the engine and 3 x within: 2 x + 3. */
  @Test
  void theGradientOfAnInputIsThatOfTheEngineAndOfOperations() {
    NDArray x = input(1, 2);
    NDArray unread = input(5, 6);
    tape.begin(x);
    tape.begin(unread);

    backward(() -> square("square", x).add(x.mul(manager.create(3f))));

    assertThat(tape.gradient(x).toFloatArray()).containsExactly(5, 7);
    assertThat(tape.gradient(unread).toFloatArray()).containsExactly(0, 0);
  }

  @Test
  void anInputThatWasNotAnnouncedHasTheGradientOfTheEngine() {
    NDArray x = input(1, 2);

    backward(() -> square("square", x.mul(two())));

    assertThat(tape.gradient(x).toFloatArray()).containsExactly(8, 16);
  }

  /** Of y = x^2, y^2 + y has the derivative (2 y + 1) 2 x. */
  @Test
  void joinedArraysPassTheirGradientOnOnce() {
    NDArray x = input(1, 2);

    backward(
        () -> {
          NDArray below = square("below", x);
          NDArray joined = tape.join(below);
          assertThat(joined.getShape()).isEqualTo(below.getShape());
          return square("above", joined).add(joined);
        });

    assertThat(ran).containsExactly("above", "below");
    assertThat(x.getGradient().toFloatArray()).containsExactly(6, 36);
  }

  /** Transposed, the engine's gradient would lie column by column. */
  @Test
  void reshapedArraysHaveValuesAndGradientsRowByRow() {
    NDArray x = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3));
    x.setRequiresGradient(true);
    NDArray factors = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3));

    backward(
        () -> {
          // Of x transposed, (3, 2), the numbers row by row: 1 4 2 5 3 6.
          NDArray shaped = tape.reshape(x.transpose(), new Shape(2, 3));
          assertThat(shaped.toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
          return shaped.mul(factors);
        });

    assertThat(x.getGradient().getShape()).isEqualTo(new Shape(2, 3));
    assertThat(x.getGradient().toFloatArray()).containsExactly(1, 3, 5, 2, 4, 6);
  }

  @Test
  void valuesOfALeafLieRowByRow() {
    NDArray x = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3)).transpose();
    float[] values = new float[6];

    tape.take(x).values().numbers().get(values);

    assertThat(values).containsExactly(1, 4, 2, 5, 3, 6);
  }

  @Test
  void aLeafGathersWhatIsWrittenAndAdded() {
    Tape.Leaf leaf = tape.take(input(1, 2));
    assertThat(leaf.hasGradient()).isFalse();
    NDArray first = manager.create(new float[] {3, 4});

    leaf.add(first);
    leaf.add(manager.create(new float[] {10, 20}));

    assertThat(leaf.hasGradient()).isTrue();
    assertThat(leaf.gradient()).isSameAs(first);
    assertThat(first.toFloatArray()).containsExactly(13, 24);
  }

  @Test
  void withoutOperationsTheEngineComputesAll() {
    NDArray x = input(1, 2);

    backward(() -> x.mul(x));

    assertThat(x.getGradient().toFloatArray()).containsExactly(2, 4);
  }

  @Test
  void completeParametersAreTold() {
    ParameterArray parameter = parameter("w", new float[] {7}, 1);
    List<ParameterArray> complete = new ArrayList<>();
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y = tape.give(two(), gradient -> tape.complete(parameter));
      tape.backward(collector, y.sum(), complete::add);
    }

    assertThat(complete).containsExactly(parameter);
  }

  @Test
  void anOperationThatFailsFailsTheBackwardPass() {
    assertThatThrownBy(
            () ->
                backward(
                    () ->
                        tape.give(
                            two(),
                            gradient -> {
                              throw new IllegalStateException("no gradient of " + gradient.size());
                            })))
        .hasMessage("no gradient of 1");
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, true, true, true", "BFLOAT16, true, true, true",
    "FLOAT32, false, false, false", "BFLOAT16, false, false, true",
  })
  void recordsInTrainingAloneAndRoundsAlways(
      Precision precision, boolean training, boolean records, boolean computes) {
    Tape other = Tape.of(manager, workers, precision, training);

    assertThat(other.records()).isEqualTo(records);
    assertThat(other.recordsGroups()).isEqualTo(records);
    assertThat(other.computesLayers()).isEqualTo(computes);
    assertThat(other.precision()).isEqualTo(precision);
    assertThat(other.halves()).isNull();
  }

  @Test
  void whatIsNotRecordedPassesAsItIs() {
    Tape resting = Tape.of(manager, workers, Precision.FLOAT32, false);
    NDArray x = input(1, 2);
    NDArray result = manager.create(new float[] {3, 4});

    assertThat(resting.take(x).array()).isSameAs(x);
    assertThat(resting.take(x).isWanted()).isFalse();
    assertThat(
            resting.give(
                result,
                gradient -> {
                  throw new AssertionError("nothing is recorded");
                }))
        .isSameAs(result);
  }
}
