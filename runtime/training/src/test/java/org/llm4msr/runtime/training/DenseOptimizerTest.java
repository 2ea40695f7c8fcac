package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.tables.Workers;
import org.llm4msr.runtime.training.DenseOptimizer.Slot;

class DenseOptimizerTest {

  @Test
  void appliesL2OnlyWhereAskedAndFactorsTheRate() {
    FloatBuffer weight = FloatBuffer.wrap(new float[] {2});
    FloatBuffer bias = FloatBuffer.wrap(new float[] {2});
    FloatBuffer meta = FloatBuffer.wrap(new float[] {2});
    List<Slot> slots =
        List.of(
            slot("weight", weight, true, 1),
            slot("bias", bias, false, 1),
            slot("meta", meta, false, 0.1));

    update(slots, new UpdateRule.Sgd(0.5), null, List.of(buffer(1), buffer(1), buffer(1)));

    assertThat(weight.get(0)).isEqualTo(2 - 0.1f * (1 + 0.5f * 2));
    assertThat(bias.get(0)).isCloseTo(1.9f, within(1e-6f));
    assertThat(meta.get(0)).isCloseTo(1.99f, within(1e-6f));
  }

  @Test
  void scalesGradientsToTheGlobalNorm() {
    FloatBuffer a = FloatBuffer.wrap(new float[] {0, 0});
    FloatBuffer b = FloatBuffer.wrap(new float[] {0});
    List<Slot> slots = List.of(slot("a", a, true, 1), slot("b", b, true, 1));
    List<FloatBuffer> gradients = List.of(buffer(2, 3), buffer(6));

    double norm = update(slots, new UpdateRule.Sgd(0), 3.5, gradients);

    assertThat(norm).isEqualTo(7); // sqrt(4 + 9 + 36)
    assertThat(a.get(0)).isCloseTo(-0.1f, within(1e-6f));
    assertThat(a.get(1)).isCloseTo(-0.15f, within(1e-6f));
    assertThat(b.get(0)).isCloseTo(-0.3f, within(1e-6f));
  }

  @Test
  void leavesAnUnusedParameterAndItsStateAlone() {
    FloatBuffer used = FloatBuffer.wrap(new float[] {1, 1});
    FloatBuffer unused = FloatBuffer.wrap(new float[] {1, 1});
    List<Slot> slots = List.of(slot("used", used, true, 1), slot("unused", unused, true, 1));
    try (Workers workers = new Workers(1)) {
      DenseOptimizer optimizer =
          new DenseOptimizer(
              slots, new UpdateRule.Adam(0.9, 0.999, 1e-8, 0.1, false), null, workers);
      optimizer.update(List.of(buffer(1, 0), buffer(1, 1)), 1, 0.1);
      float[] values = {unused.get(0), unused.get(1)};
      FloatBuffer first = joined(optimizer.state(1, 0));
      FloatBuffer second = joined(optimizer.state(1, 1));

      optimizer.update(List.of(buffer(1, 0), buffer(0, 0)), 2, 0.1);

      assertThat(unused.array()).containsExactly(values);
      assertThat(joined(optimizer.state(1, 0))).isEqualTo(first);
      assertThat(joined(optimizer.state(1, 1))).isEqualTo(second);
      assertThat(used.get(1)).describedAs("its L2 still acts").isLessThan(1);
    }
  }

  @Test
  void doesNotDependOnThreads() {
    assertThat(trained(3)).containsExactly(trained(1));
  }

  /** What begins early ends as it would later, and rests where it would rest. */
  @Test
  void movesAsMuchWhereItBeginsEarly() {
    Random random = new Random(6);
    List<float[]> start =
        List.of(
            floats(random, 50_000), floats(random, 300), new float[20_000], floats(random, 20_000));
    List<float[]> early = start.stream().map(float[]::clone).toList();
    int unseen = 12 * DenseOptimizer.SAMPLED + 1;
    float before = start.get(3)[unseen];
    UpdateRule adam = new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-3, false);
    try (Workers workers = new Workers(2)) {
      DenseOptimizer optimizer = new DenseOptimizer(slots(start), adam, null, workers);
      DenseOptimizer beginner = new DenseOptimizer(slots(early), adam, null, workers);
      for (int step = 1; step <= 3; step++) {
        List<FloatBuffer> gradients =
            List.of(
                FloatBuffer.wrap(floats(random, 50_000)),
                FloatBuffer.wrap(floats(random, 300)),
                FloatBuffer.allocate(20_000),
                FloatBuffer.allocate(20_000).put(unseen, 0.5f));
        optimizer.update(gradients, step, 0.01);
        beginner.begin(0, gradients.get(0), step, 0.01);
        beginner.begin(2, gradients.get(2), step, 0.01);
        beginner.begin(3, gradients.get(3), step, 0.01);
        beginner.update(gradients, step, 0.01);
        beginner.finish();
      }
    }

    assertThat(early).usingRecursiveComparison().isEqualTo(start);
    assertThat(early.get(2)).containsOnly(0);
    assertThat(early.get(3)[unseen]).isNotEqualTo(before);
  }

  private static List<Slot> slots(List<float[]> values) {
    return values.stream().map(each -> slot("w", FloatBuffer.wrap(each), true, 1)).toList();
  }

  @Test
  void completesWhatHasBegunWhereSomeOfItFails() {
    IllegalStateException failure = new IllegalStateException("of a listener");
    FloatBuffer other = FloatBuffer.wrap(new float[] {1});
    List<Slot> slots =
        List.of(
            new Slot(
                "failing",
                FloatBuffer.wrap(new float[] {1}),
                true,
                1,
                (from, to) -> {
                  throw failure;
                }),
            slot("other", other, true, 1));
    try (Workers workers = new Workers(1)) {
      DenseOptimizer optimizer = new DenseOptimizer(slots, new UpdateRule.Sgd(0), null, workers);
      optimizer.begin(0, buffer(1), 1, 0.1);
      optimizer.begin(1, buffer(1), 1, 0.1);

      assertThatThrownBy(optimizer::finish).isSameAs(failure);

      assertThat(other.get(0)).isCloseTo(0.9f, within(1e-6f));
      optimizer.finish(); // Nothing is left.
    }
  }

  @Test
  void beginsWithLargeParametersAndWhereNothingClips() {
    UpdateRule adam = new UpdateRule.Sgd(0);
    try (Workers workers = new Workers(1)) {
      assertThat(new DenseOptimizer(List.of(), adam, null, workers).mayBegin(100_000)).isTrue();
      assertThat(new DenseOptimizer(List.of(), adam, null, workers).mayBegin(100)).isFalse();
      assertThat(new DenseOptimizer(List.of(), adam, 1.0, workers).mayBegin(100_000)).isFalse();
    }
  }

  private static float[] trained(int threads) {
    Random random = new Random(2);
    float[] values = floats(random, 50_000);
    List<Slot> slots = List.of(slot("big", FloatBuffer.wrap(values), true, 1));
    try (Workers workers = new Workers(threads)) {
      DenseOptimizer optimizer =
          new DenseOptimizer(
              slots, new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-3, false), 10.0, workers);
      for (int step = 1; step <= 5; step++) {
        optimizer.update(List.of(FloatBuffer.wrap(floats(random, 50_000))), step, 0.01);
      }
    }
    return values;
  }

  /**
   * The first moment of Adam after one step is .1 of the gradient, the second .001 of its square.
   */
  @Test
  void goesOnFromARestoredState() {
    Random random = new Random(5);
    FloatBuffer values = FloatBuffer.wrap(floats(random, 50_000));
    FloatBuffer first = FloatBuffer.wrap(floats(random, 50_000));
    FloatBuffer second = FloatBuffer.wrap(floats(random, 50_000));
    UpdateRule adam = new UpdateRule.Adam(0.9, 0.999, 1e-8, 0, false);
    try (Workers workers = new Workers(2)) {
      DenseOptimizer whole =
          new DenseOptimizer(List.of(slot("w", values, true, 1)), adam, null, workers);
      whole.update(List.of(first), 1, 0.1);
      List<FloatBuffer> saved = List.of(joined(whole.state(0, 0)), joined(whole.state(0, 1)));
      FloatBuffer copy = FloatBuffer.wrap(values.array().clone());
      DenseOptimizer resumed =
          new DenseOptimizer(List.of(slot("w", copy, true, 1)), adam, null, workers);
      resumed.restore(0, 0, saved.get(0));
      resumed.restore(0, 1, saved.get(1));

      whole.update(List.of(second), 2, 0.1);
      resumed.update(List.of(second), 2, 0.1);

      assertThat(copy.array()).containsExactly(values.array());
      for (int i : new int[] {0, 16_384, 49_999}) {
        assertThat(saved.get(0).get(i)).isCloseTo(0.1f * first.get(i), within(1e-6f));
        float square = first.get(i) * first.get(i);
        assertThat(saved.get(1).get(i)).isCloseTo(0.001f * square, within(1e-6f));
      }
    }
  }

  private static FloatBuffer joined(List<FloatBuffer> pieces) {
    FloatBuffer all = FloatBuffer.allocate(pieces.stream().mapToInt(FloatBuffer::limit).sum());
    pieces.forEach(piece -> all.put(piece.duplicate()));
    return all.flip();
  }

  /** Whoever keeps values in another form hears of each that changes, once. */
  @Test
  void saysWhatItWrote() {
    int[] heard = new int[50_000];
    Slot slot =
        new Slot(
            "w",
            FloatBuffer.wrap(new float[heard.length]),
            true,
            1,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                heard[i]++;
              }
            });
    FloatBuffer gradient = FloatBuffer.wrap(floats(new Random(4), heard.length));

    update(List.of(slot), new UpdateRule.Sgd(0), null, List.of(gradient));

    assertThat(Arrays.stream(heard).distinct()).containsExactly(1);
  }

  private static Slot slot(String name, FloatBuffer values, boolean decays, double rateFactor) {
    return new Slot(name, values, decays, rateFactor, (from, to) -> {});
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double update(
      List<Slot> slots, UpdateRule rule, @Nullable Double clip, List<FloatBuffer> gradients) {
    try (Workers workers = new Workers(2)) {
      return new DenseOptimizer(slots, rule, clip, workers).update(gradients, 1, 0.1);
    }
  }

  private static FloatBuffer buffer(float... values) {
    return FloatBuffer.wrap(values);
  }
}
