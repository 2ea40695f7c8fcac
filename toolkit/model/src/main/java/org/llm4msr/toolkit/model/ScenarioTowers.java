package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * One tower per scenario: an {@link Mlp} and a linear layer to one logit. A row passes through the
 * tower of its scenario only; batch normalisation in a tower is over the rows of its scenario.
 * Parameters are {@code tower.0/layer.0/weight}, {@code tower.0/logit/weight} and so on, by rank.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ScenarioTowers {

  private final Mlp mlps;
  private final Linear logits;

  /** Makes a tower for each scenario of the context. */
  public ScenarioTowers(
      ModelContext context, int in, List<Integer> widths, BlockSettings settings) {
    ModelContext each = context.each("tower", context.scenarios().size());
    mlps = new Mlp(each, in, widths, settings);
    logits = new Linear(each.scope("logit"), mlps.outputWidth(), 1);
  }

  /** Computes (B, in) to logits (B). */
  public NDArray forward(Pass pass, NDArray x) {
    return forward(pass, GroupedRows.of(pass.scenarios(), x));
  }

  /** Computes logits (B) from rows of {@code in} columns that are laid out by scenario. */
  public NDArray forward(Pass pass, GroupedRows rows) {
    return mlps.forward(pass, rows).linear(logits).toRows().squeeze(-1);
  }
}
