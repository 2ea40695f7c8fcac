package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) with learned scale and shift. With fewer than
 * two rows a batch has no variance: the running statistics are used and not updated.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class BatchNorm {

  private final Parameter scale;
  private final Parameter shift;
  private final Statistics statistics;

  /** Makes a normalisation of {@code width} columns. */
  public BatchNorm(ModelContext context, int width) {
    Shape units = new Shape(width);
    scale = context.parameter("scale", units, Initializer.ones(), Decay.NO);
    shift = context.parameter("shift", units, Initializer.zeros(), Decay.NO);
    statistics = new Statistics(context, width);
  }

  /** Normalises each column over the rows: (B, width) to (B, width). */
  public NDArray forward(Pass pass, NDArray x) {
    return now().apply(pass, x);
  }

  /** Normalises as {@link #forward} and does what follows. */
  NDArray forward(Pass pass, NDArray x, Follow follow) {
    return together(pass, x, follow).orElseGet(() -> follow.applyTo(forward(pass, x)));
  }

  /** Normalises and does what follows in one; empty where that takes operations of the engine. */
  Optional<NDArray> together(Pass pass, NDArray x, Follow follow) {
    return statistics.normalizeByBatch(pass, x, scale.array(), shift.array(), follow);
  }

  /** Returns the parts of the normalisation in this step. */
  Parts now() {
    return new Parts(statistics, scale.array(), shift.array());
  }

  /** Statistics with a scale and a shift of this step, (width) each. */
  record Parts(Statistics statistics, NDArray scale, NDArray shift) {

    NDArray apply(Pass pass, NDArray x) {
      return statistics.normalize(pass, x, scale, shift);
    }
  }

  /** Batch statistics in training, running ones elsewhere, with scale and shift from outside. */
  static final class Statistics {

    static final float EPSILON = 1e-5f;
    private static final float MOMENTUM = 0.1f;

    private final Buffer runningMean;
    private final Buffer runningVariance;

    Statistics(ModelContext context, int width) {
      Shape units = new Shape(width);
      runningMean = context.buffer("running-mean", units, Initializer.zeros());
      runningVariance = context.buffer("running-variance", units, Initializer.ones());
    }

    NDArray runningMean() {
      return runningMean.array();
    }

    NDArray runningVariance() {
      return runningVariance.array();
    }

    static NDArray deviation(NDArray variance) {
      return variance.add(EPSILON).sqrt();
    }

    NDArray normalize(Pass pass, NDArray x, NDArray scale, NDArray shift) {
      if (!pass.training() || x.getShape().get(0) < 2) {
        return withRunning(x, scale, shift);
      }
      return normalizeByBatch(pass, x, scale, shift, Follow.NOTHING)
          .orElseGet(
              () -> {
                updateRunning(x.stopGradient());
                return byBatch(pass.manager(), x, scale, shift);
              });
    }

    /** Normalises by batch statistics in the runtime; empty where that is not possible. */
    Optional<NDArray> normalizeByBatch(
        Pass pass, NDArray x, NDArray scale, NDArray shift, Follow follow) {
      long rows = x.getShape().get(0);
      if (!pass.training() || rows < 2) {
        return Optional.empty();
      }
      Optional<RowProducts.Normalized> normalized =
          Layers.of(pass, runtime -> runtime.normalize(x, scale, shift, EPSILON, follow));
      normalized.ifPresent(
          found -> {
            int[] counts = found.counts();
            update(found.mean(), found.variance(), counts == null ? rows : counts[0]);
          });
      return normalized.map(RowProducts.Normalized::rows);
    }

    /** Normalises (B, width) by its own statistics. */
    static NDArray byBatch(NDManager manager, NDArray x, NDArray scale, NDArray shift) {
      // The engines keep running statistics in different ways, so theirs are discarded.
      NDArray nowhere = manager.zeros(scale.getShape());
      NDArray nowhereToo = manager.ones(scale.getShape());
      return ai.djl.nn.norm.BatchNorm.batchNorm(
              x, nowhere, nowhereToo, scale, shift, 1, 0, EPSILON, true)
          .singletonOrThrow();
    }

    private NDArray withRunning(NDArray x, NDArray scale, NDArray shift) {
      NDArray factor = scale.div(deviation(runningVariance.array()));
      return x.sub(runningMean.array()).mul(factor).add(shift);
    }

    private void updateRunning(NDArray x) {
      int[] overRows = {0};
      long rows = x.getShape().get(0);
      NDArray mean = x.mean(overRows);
      update(mean, x.sub(mean).square().mean(overRows), rows);
    }

    private void update(NDArray mean, NDArray variance, long rows) {
      update(runningMean, mean);
      // Unbiased, as in torch.
      update(runningVariance, variance.mul((float) rows / (rows - 1)));
    }

    /**
     * Moves running statistics of several groups to those of their rows.
     *
     * @param mean (G, width)
     * @param unbiasedVariance (G, width)
     * @param counted 1 for the groups that move, else 0: (G, 1)
     */
    void update(NDArray mean, NDArray unbiasedVariance, NDArray counted) {
      NDArray momentum = counted.mul(MOMENTUM);
      update(runningMean, mean, momentum);
      update(runningVariance, unbiasedVariance, momentum);
    }

    private static void update(Buffer running, NDArray now, NDArray momentum) {
      NDArray before = running.array();
      running.set(now.sub(before).mul(momentum).add(before));
    }

    private static void update(Buffer running, NDArray now) {
      running.set(now.mul(MOMENTUM).add(running.array().mul(1 - MOMENTUM)));
    }
  }
}
