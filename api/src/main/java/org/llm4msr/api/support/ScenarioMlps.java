package org.llm4msr.api.support;

import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * An {@link Mlp} a scenario over rows that are laid out by scenario; batch normalisation is over
 * the rows of a scenario. Parameters are {@code NAME.0/layer.0/weight} and so on, by rank.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ScenarioMlps {

  private final List<Mlp> mlps;
  private final int depth;
  private final BlockSettings settings;

  /**
   * Makes a network for each scenario of the context.
   *
   * @param name what stands before the rank in the names of parameters
   */
  public ScenarioMlps(
      ModelContext context, String name, int in, List<Integer> widths, BlockSettings settings) {
    mlps =
        IntStream.range(0, context.scenarios().size())
            .mapToObj(rank -> new Mlp(context.scope(name + "." + rank), in, widths, settings))
            .toList();
    depth = widths.size();
    this.settings = settings;
  }

  /** Computes rows of {@code in} columns to {@link #outputWidth}. */
  public GroupedRows forward(Pass pass, GroupedRows rows) {
    GroupedRows h = rows;
    for (int i = 0; i < depth; i++) {
      int layer = i;
      h = h.linear(rank -> mlps.get(rank).linear(layer));
      if (settings.batchNorm()) {
        h = h.normalize(pass, rank -> mlps.get(rank).norm(layer));
      }
      h = h.map(x -> Dropout.apply(pass, settings.activation().apply(x), settings.dropout()));
    }
    return h;
  }

  /** Returns the last width. */
  public int outputWidth() {
    return mlps.get(0).outputWidth();
  }
}
