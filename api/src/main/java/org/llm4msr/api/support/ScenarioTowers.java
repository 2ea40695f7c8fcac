package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * A tower a scenario: an {@link Mlp} and a linear layer to one logit. A row passes through the
 * tower of its scenario only; batch normalisation in a tower is over the rows of its scenario.
 * Parameters are {@code tower.0/layer.0/weight}, {@code tower.0/logit/weight} and so on, by rank.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ScenarioTowers {

  private final List<Tower> towers = new ArrayList<>();
  private final BlockSettings settings;
  private final int depth;

  /** Makes a tower for each scenario of the context. */
  public ScenarioTowers(
      ModelContext context, int in, List<Integer> widths, BlockSettings settings) {
    this.settings = settings;
    depth = widths.size();
    for (int rank = 0; rank < context.scenarios().size(); rank++) {
      towers.add(new Tower(context.scope("tower." + rank), in, widths, settings));
    }
  }

  /** Computes (B, in) to logits (B). */
  public NDArray forward(Pass pass, NDArray x) {
    NDArray logits = settings.batchNorm() ? oneByOne(pass, x) : sideBySide(pass, x);
    return logits.squeeze(-1);
  }

  private NDArray oneByOne(Pass pass, NDArray x) {
    return ScenarioRouter.apply(
        pass.scenarios(), x, (rank, rows) -> towers.get(rank).forward(pass, rows));
  }

  /** The same without statistics over rows, which padding would spoil: many towers at once. */
  private NDArray sideBySide(Pass pass, NDArray x) {
    GroupedRows rows = GroupedRows.of(pass.scenarios(), x);
    for (int i = 0; i < depth; i++) {
      int layer = i;
      rows =
          rows.linear(rank -> towers.get(rank).mlp.linear(layer))
              .map(h -> Dropout.apply(pass, settings.activation().apply(h), settings.dropout()));
    }
    return rows.linear(rank -> towers.get(rank).logit).toRows();
  }

  private record Tower(Mlp mlp, Linear logit) {

    Tower(ModelContext context, int in, List<Integer> widths, BlockSettings settings) {
      this(new Mlp(context, in, widths, settings), context);
    }

    private Tower(Mlp mlp, ModelContext context) {
      this(mlp, new Linear(context.scope("logit"), mlp.outputWidth(), 1));
    }

    NDArray forward(Pass pass, NDArray rows) {
      return logit.forward(mlp.forward(pass, rows));
    }
  }
}
