package org.llm4msr.tck.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.assertj.core.data.Offset;

/** Rules that every model keeps, whatever its architecture. */
public final class ModelRules {

  private static final Offset<Float> ROUNDING = Offset.offset(2e-5f);

  private ModelRules() {}

  /** Checks that a row gets the same logit alone as among others, outside training. */
  public static void assertRowsAreIndependent(ModelHarness model, TestBatch batch) {
    float[] together = model.infer(batch);
    for (int row = 0; row < batch.rows(); row++) {
      assertThat(model.infer(batch.rows(row)))
          .as("logit of row %s alone", row)
          .containsExactly(new float[] {together[row]}, ROUNDING);
    }
  }

  /** Checks that logits follow their rows when these are reordered. */
  public static void assertOrderDoesNotMatter(ModelHarness model, TestBatch batch) {
    float[] forward = model.infer(batch);
    int[] reversed = IntStream.range(0, batch.rows()).map(i -> batch.rows() - 1 - i).toArray();
    float[] backward = model.infer(batch.rows(reversed));
    for (int i = 0; i < reversed.length; i++) {
      assertThat(backward[i]).as("row %s", reversed[i]).isCloseTo(forward[reversed[i]], ROUNDING);
    }
  }

  /**
   * Checks that inference repeats bit for bit, and that a second model of the same seed is equal.
   */
  public static void assertDeterministic(ModelHarness.Parts parts, TestBatch batch) {
    try (ModelHarness first = parts.create();
        ModelHarness second = parts.create()) {
      float[] logits = first.infer(batch);
      assertThat(logits).as("logits are finite").doesNotContain(Float.NaN);
      assertThat(first.infer(batch)).as("again").containsExactly(logits);
      assertThat(second.infer(batch)).as("another model").containsExactly(logits);
    }
  }

  /**
   * Checks that a gradient reaches every single parameter, and the input.
   *
   * @param batch with several rows of every scenario
   */
  public static void assertGradientReachesEveryParameter(ModelHarness model, TestBatch batch) {
    float[] factor = new float[batch.rows()];
    for (int row = 0; row < factor.length; row++) {
      factor[row] = 1 + row % 3;
    }
    TestPass pass = model.train(batch, factor);
    pass.gradients()
        .forEach((name, gradient) -> assertThat(largest(gradient)).as(name).isPositive());
    assertThat(largest(pass.inputGradient())).as("input").isPositive();
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      assertThat(value).as("finite gradient").isFinite();
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
