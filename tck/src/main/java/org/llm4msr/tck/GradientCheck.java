package org.llm4msr.tck;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.harness.TestSeed;

/**
 * Compares the gradient along random directions of the parameters with central differences of the
 * loss. Because of float32 and the kinks of activations one direction is not reliable, so several
 * are used. All passes draw the same random numbers and start from the same buffers.
 */
final class GradientCheck {

  /**
   * The allowed share of the larger one of both; a gradient that lacks a part is off by much more.
   */
  private static final double ALLOWED = 0.05;

  /** The number of arrays that are tried; a cut usually affects several. */
  private static final int ARRAYS = 12;

  private static final Way ALL = new Way(5, 3, 1e-2, 1, 0);

  /** There are many arrays, and each value of a single one moves further. */
  private static final Way ONE = new Way(4, 1, 2e-3, 0.5, 3e-6);

  /**
   * The way in which parameters are moved.
   *
   * @param enough how many directions must agree
   * @param step small enough for third derivatives and kinks, large enough for rounding
   * @param shrink factor that makes the next step shorter, so that it crosses fewer kinks
   * @param noise the change of the loss by rounding
   */
  private record Way(int directions, int enough, double step, double shrink, double noise) {}

  private final ModelHarness model;
  private final TestBatch batch;
  private final float[] factors;
  private final ParameterSnapshot start;
  private final Map<String, float[]> gradients;
  private final SplittableRandom random = new SplittableRandom(TestSeed.value() + 1);

  GradientCheck(ModelHarness model, TestBatch batch, float[] factors) {
    this.model = model;
    this.batch = batch;
    this.factors = factors;
    start = model.store().snapshot();
    gradients = pass(Map.of(), 0).gradients();
  }

  /** Moves all parameters at once. */
  void ofAll() {
    all()
        .ifPresent(
            finding -> {
              throw finding;
            });
  }

  /**
   * Moves one array at a time, some of many. An error of all together is found by {@link #ofAll}.
   */
  void ofEach() {
    if (all().isPresent()) {
      return;
    }
    List<String> names = new ArrayList<>(gradients.keySet());
    names.removeIf(name -> !TrainingConformance.reaches(gradients.get(name)));
    Collections.shuffle(names, new Random(TestSeed.value()));
    for (String name : names.subList(0, Math.min(ARRAYS, names.size()))) {
      finding(" of '" + name + "'", ONE, Map.of(name, gradients.get(name)))
          .ifPresent(
              finding -> {
                throw finding;
              });
    }
  }

  private Optional<Finding> all() {
    return finding("", ALL, gradients);
  }

  /**
   * Returns the finding along directions of some parameters; nothing if enough directions agree.
   */
  private Optional<Finding> finding(String description, Way way, Map<String, float[]> moved) {
    int agreeing = 0;
    StringBuilder seen = new StringBuilder();
    for (int i = 0; i < way.directions && agreeing < way.enough; i++) {
      Map<String, float[]> direction = direction(moved);
      double slope = product(gradients, direction);
      double step = way.step * Math.pow(way.shrink, i);
      double difference = (loss(pass(direction, step)) - loss(pass(direction, -step))) / (2 * step);
      seen.append(String.format(Locale.ROOT, "%n    %+.4f, gradient %+.4f", difference, slope));
      double scale = Math.max(Math.abs(slope), Math.abs(difference));
      agreeing += Math.abs(slope - difference) <= ALLOWED * scale + way.noise / step ? 1 : 0;
    }
    model.store().restore(start);
    return agreeing == way.enough
        ? Optional.empty()
        : Optional.of(
            new Finding(
                "differences and gradient%s within 5%% in %d of %d directions"
                    .formatted(description, way.enough, way.directions),
                "differences" + seen));
  }

  /**
   * Draws a direction of length 1 that leans towards the gradient, so that the slope stands out
   * from rounding.
   */
  private Map<String, float[]> direction(Map<String, float[]> moved) {
    Map<String, float[]> direction = new LinkedHashMap<>();
    moved.forEach(
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
