package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) with learned scale and shift. Plain
 * operations, so that every engine gives the same numbers. With fewer than two rows a batch has no
 * variance: the running statistics are used and not updated.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class BatchNorm {

  private final Parameter scale;
  private final Parameter shift;
  private final Normalizer normalizer;

  /** Makes a normalisation of the columns of (B, width). */
  public BatchNorm(ModelContext context, int width) {
    this(context, new Shape(width));
  }

  /**
   * Makes a normalisation of another layout.
   *
   * @param units the shape of the statistics, which broadcasts against the input; rows are the last
   *     but one axis of the input
   */
  BatchNorm(ModelContext context, Shape units) {
    scale = context.parameter("scale", units, Initializer.ones(), Decay.NO);
    shift = context.parameter("shift", units, Initializer.zeros(), Decay.NO);
    normalizer = new Normalizer(context, units);
  }

  /** Normalises each unit over the rows: same shape as x. */
  public NDArray forward(Pass pass, NDArray x) {
    return normalizer.forward(pass, x).mul(scale.array()).add(shift.array());
  }

  /** Zero mean and unit variance, without scale and shift. */
  static final class Normalizer {

    private static final float EPSILON = 1e-5f;
    private static final float MOMENTUM = 0.1f;

    private final Shape units;
    private final Buffer runningMean;
    private final Buffer runningVariance;

    Normalizer(ModelContext context, Shape units) {
      this.units = units;
      runningMean = context.buffer("running-mean", units, Initializer.zeros());
      runningVariance = context.buffer("running-variance", units, Initializer.ones());
    }

    NDArray forward(Pass pass, NDArray x) {
      int rowAxis = x.getShape().dimension() - 2;
      long rows = x.getShape().get(rowAxis);
      if (!pass.training() || rows < 2) {
        return x.sub(runningMean.array()).div(runningVariance.array().add(EPSILON).sqrt());
      }
      int[] axes = {rowAxis};
      NDArray mean = x.mean(axes, true);
      NDArray centred = x.sub(mean);
      NDArray variance = centred.square().mean(axes, true);
      // The running variance is the unbiased one, as in torch.
      update(runningMean, mean, 1);
      update(runningVariance, variance, (float) rows / (rows - 1));
      return centred.div(variance.add(EPSILON).sqrt());
    }

    private void update(Buffer running, NDArray now, float factor) {
      NDArray latest = now.stopGradient().reshape(units).mul(MOMENTUM * factor);
      running.set(latest.add(running.array().mul(1 - MOMENTUM)));
    }
  }
}
