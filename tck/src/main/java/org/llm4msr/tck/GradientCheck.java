package org.llm4msr.tck;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterSnapshot;

/**
 * Compares the gradient along random directions of the parameters with central differences of the
 * loss. Float32 and kinks of activations make one direction a poor witness, so that most of several
 * must agree. All passes draw the same random numbers and start from the same buffers.
 */
final class GradientCheck {

  private static final int DIRECTIONS = 5;

  /** The length of a step, which is small enough for third derivatives and large for rounding. */
  private static final double STEP = 1e-2;

  /** Of the larger of both; a gradient that lacks a part is off by much more. */
  private static final double ALLOWED = 0.05;

  private final ModelHarness model;
  private final TestBatch batch;
  private final float[] factors;
  private final ParameterSnapshot start;
  private final SplittableRandom random = new SplittableRandom(TestSeed.value() + 1);

  GradientCheck(ModelHarness model, TestBatch batch, float[] factors) {
    this.model = model;
    this.batch = batch;
    this.factors = factors;
    start = model.store().snapshot();
  }

  void run() {
    Map<String, float[]> gradients = pass(Map.of(), 0).gradients();
    int agreeing = 0;
    StringBuilder seen = new StringBuilder();
    for (int i = 0; i < DIRECTIONS; i++) {
      Map<String, float[]> direction = direction(gradients);
      double slope = product(gradients, direction);
      double difference = (loss(pass(direction, STEP)) - loss(pass(direction, -STEP))) / (2 * STEP);
      seen.append(String.format(Locale.ROOT, "%n    %+.4f, gradient %+.4f", difference, slope));
      double scale = Math.max(Math.abs(slope), Math.abs(difference));
      agreeing += Math.abs(slope - difference) <= ALLOWED * scale ? 1 : 0;
    }
    model.store().restore(start);
    Finding.unless(
        agreeing > DIRECTIONS / 2,
        "differences and gradient within 5% in most of " + DIRECTIONS + " directions",
        "differences" + seen);
  }

  /**
   * Draws a direction of length 1 that leans to the gradient, so that the slope stands out from
   * rounding.
   */
  private Map<String, float[]> direction(Map<String, float[]> gradients) {
    Map<String, float[]> direction = new LinkedHashMap<>();
    gradients.forEach(
        (name, gradient) -> {
          float[] drawn = new float[gradient.length];
          for (int i = 0; i < drawn.length; i++) {
            drawn[i] = Math.signum(gradient[i]) * (float) random.nextDouble();
          }
          direction.put(name, drawn);
        });
    double length = Math.sqrt(product(direction, direction));
    for (float[] part : direction.values()) {
      for (int i = 0; i < part.length; i++) {
        part[i] /= (float) Math.max(length, Double.MIN_NORMAL);
      }
    }
    return direction;
  }

  private TestPass pass(Map<String, float[]> direction, double step) {
    model.store().restore(start);
    for (DenseParameter parameter : model.store().parameters()) {
      float[] along = direction.get(parameter.name());
      if (along != null) {
        var values = parameter.values();
        for (int i = 0; i < along.length; i++) {
          values.put(i, (float) (values.get(i) + step * along[i]));
        }
      }
    }
    model.store().push();
    model.rewind();
    return model.train(batch, factors);
  }

  private double loss(TestPass pass) {
    double loss = 0;
    for (int row = 0; row < factors.length; row++) {
      loss += (double) factors[row] * pass.logits()[row];
    }
    for (TestPass.Loss term : pass.losses()) {
      for (float value : term.values()) {
        loss += value;
      }
    }
    return loss;
  }

  private static double product(Map<String, float[]> gradients, Map<String, float[]> direction) {
    double sum = 0;
    for (Map.Entry<String, float[]> entry : gradients.entrySet()) {
      float[] along = direction.getOrDefault(entry.getKey(), new float[0]);
      for (int i = 0; i < along.length; i++) {
        sum += (double) entry.getValue()[i] * along[i];
      }
    }
    return sum;
  }
}
