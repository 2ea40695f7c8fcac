package org.llm4msr.toolkit.model;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Activation;

/**
 * What follows each linear layer of an {@link Mlp}: batch normalisation, activation, dropout.
 *
 * @param dropout share of units dropped in training, in [0, 1)
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record BlockSettings(Activation activation, double dropout, boolean batchNorm) {

  /** Checks that there is an activation. */
  public BlockSettings {
    requireNonNull(activation, "activation is null");
  }

  /** Returns settings with an activation only. */
  public static BlockSettings of(Activation activation) {
    return new BlockSettings(activation, 0, false);
  }
}
