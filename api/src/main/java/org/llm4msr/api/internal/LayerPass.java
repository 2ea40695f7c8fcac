package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Pass;

/**
 * What the passes of the runtime can do beside what plugins are promised. Models use it through the
 * blocks of {@code llm4msr-toolkit-model}.
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public interface LayerPass extends Pass {

  /**
   * Passes rows through layers: (B, e * n) to (B, e * m).
   *
   * @param x float32
   * @param layers at least one
   * @return an array of the pass; empty where the engine's operations are to compute it
   */
  Optional<NDArray> layers(NDArray x, List<ChainedLayer> layers);

  /**
   * Passes the same rows (B, e * n) through several layers: (B, e * m) of each. Empty also where a
   * call for each is as fast, or they cannot be computed together.
   */
  Optional<List<NDArray>> sideBySide(NDArray x, List<ChainedLayer> layers);

  /** Computes a layer whose weights are arrays of the pass instead of parameters. */
  Optional<NDArray> layer(NDArray x, NDArray weight, NDArray bias, Follow follow);

  /** Multiplies (..., k, n) by (..., n, m) with the engine, in bfloat16 where the pass has that. */
  NDArray product(NDArray left, NDArray right);

  /**
   * Normalises each column over the rows (batch normalisation) and does what follows: (B, n).
   *
   * @param x float32, at least two rows
   * @param scale (n)
   * @param shift (n)
   * @param epsilon added to the variance
   * @return the rows, with the mean and the biased variance of each column (n); empty where the
   *     engine's operations are to compute them
   */
  Optional<RowProducts.Normalized> normalize(
      NDArray x, NDArray scale, NDArray shift, float epsilon, Follow follow);

  /**
   * Sums up the outputs of experts, each row with its own weights: (B, h).
   *
   * @param weights (B, n)
   * @param outputs (B, n, h)
   * @return empty where the engine's operations are to compute it
   */
  Optional<NDArray> mix(NDArray weights, NDArray outputs);

  /**
   * Returns an array in another shape. Unlike a view of the engine it leads from one of these
   * operations to the next without the engine's record.
   */
  Optional<NDArray> reshape(NDArray x, Shape shape);
}
