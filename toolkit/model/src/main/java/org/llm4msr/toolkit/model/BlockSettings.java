package org.llm4msr.toolkit.model;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Pass;

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

  /** Returns activation and dropout in a pass. */
  Follow follow(Pass pass) {
    return pass.training() && dropout > 0
        ? new Follow(activation, shape -> pass.dropoutMask(shape, dropout))
        : new Follow(activation, null);
  }

  /** Returns settings with an activation only. */
  public static BlockSettings of(Activation activation) {
    return new BlockSettings(activation, 0, false);
  }
}
