package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Parameter;

/**
 * Products of ordered rows ({@link Grouping#order}) with the arrays of their groups, each over the
 * rows of its group and all in one call. Arrays are float32 and have exactly the shapes stated;
 * others cause an IllegalArgumentException that names them. Results belong to the pass, which
 * closes them; the runtime computes their gradients in the backward pass, also those of parameters.
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public interface RowProducts {

  /**
   * Passes each row through the layers of its group: (B, e * n) to (B, e * m).
   *
   * @param layers at least one
   */
  NDArray multiply(NDArray ordered, List<ChainedLayer> layers);

  /** Passes each row through one layer of its group. */
  default NDArray multiply(
      NDArray ordered, Parameter weight, @Nullable Parameter bias, Follow follow) {
    return multiply(ordered, List.of(new ChainedLayer(weight, bias, follow)));
  }

  /**
   * Multiplies each row by the element-wise product of its group's matrix and a matrix that all
   * groups share, and adds the group's bias: (B, n) to (B, m).
   *
   * @param weight (G, n, m)
   * @param factor (n, m)
   * @param bias (G, m)
   */
  NDArray multiplyScaled(NDArray ordered, Parameter weight, Parameter factor, NDArray bias);

  /**
   * Passes each row through layers whose weights are arrays of the pass instead of parameters.
   *
   * @param layers at least one
   */
  NDArray multiplyGiven(NDArray ordered, List<GivenLayer> layers);

  /** Passes each row through one layer whose weights are arrays of the pass. */
  default NDArray multiply(NDArray ordered, NDArray weight, @Nullable NDArray bias, Follow follow) {
    return multiplyGiven(ordered, List.of(new GivenLayer(weight, bias, follow)));
  }

  /**
   * A layer whose weights are arrays of the pass.
   *
   * @param weight (G, n, m)
   * @param bias (G, m); null without
   */
  record GivenLayer(NDArray weight, @Nullable NDArray bias, Follow follow) {}

  /**
   * Normalises each column over the rows of each group and does what follows: (B, n) to (B, n). A
   * group of one row is normalised by the statistics that are passed in.
   *
   * @param scale (G, n)
   * @param shift (G, n)
   * @param mean for groups with fewer than two rows: (G, n)
   * @param variance for groups with fewer than two rows: (G, n)
   * @param epsilon added to the variance
   */
  Normalized normalize(
      NDArray ordered,
      NDArray scale,
      NDArray shift,
      NDArray mean,
      NDArray variance,
      float epsilon,
      Follow follow);

  /**
   * Normalised rows.
   *
   * @param rows (B, n)
   * @param mean of each group, or the one passed in if it has fewer than two rows: (G, n)
   * @param variance of each group, biased: (G, n)
   * @param counts rows of each group, where mean and variance are of more than those passed in
   */
  @SuppressWarnings("ArrayRecordComponent") // Read once.
  record Normalized(NDArray rows, NDArray mean, NDArray variance, int @Nullable [] counts) {}
}
