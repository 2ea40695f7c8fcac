package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/**
 * Turns knowledge into the weights of extra layers (LLM4MSR, CIKM 2024): h_LLM gives W(i) and b(i),
 * and h(i) = act(W(i) h(i-1) + b(i)). One instance per level, made for one {@link LayerSpec}.
 * Outside training, re-entrant.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface MetaNetwork {

  /** Generates weights from knowledge (G, K), for at most some hundred groups. */
  MetaWeights generate(Pass pass, NDArray knowledge);

  /**
   * Applies the layers to each row with the weights of its group.
   *
   * @param weights what {@link #generate} returned for the groups of {@code grouping}
   * @param x (B, inputWidth)
   * @return (B, outputWidth)
   */
  NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x);

  /** Returns the size of the generated weights of one group, in bytes. */
  long bytesPerGroup();

  /** Returns whether weights may be kept between requests. */
  boolean cacheable();
}
