package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * Blocks of a linear layer, optional batch normalisation, activation and dropout. Parameters are
 * {@code layer.0/weight} and so on.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Mlp {

  private final List<Block> blocks = new ArrayList<>();
  private final BlockSettings settings;
  private final int outputWidth;

  /** Makes the parameters; with no widths the network is the identity. */
  public Mlp(ModelContext context, int in, List<Integer> widths, BlockSettings settings) {
    this.settings = settings;
    int width = in;
    for (int i = 0; i < widths.size(); i++) {
      blocks.add(new Block(context.scope("layer." + i), width, widths.get(i), settings));
      width = widths.get(i);
    }
    outputWidth = width;
  }

  /** Computes (B, in) to (B, outputWidth). */
  public NDArray forward(Pass pass, NDArray x) {
    return isChain()
        ? Layers.of(pass, runtime -> runtime.layers(x, chain(pass)))
            .orElseGet(() -> oneByOne(pass, x))
        : oneByOne(pass, x);
  }

  private boolean isChain() {
    return !settings.batchNorm() && !blocks.isEmpty();
  }

  private List<ChainedLayer> chain(Pass pass) {
    return blocks.stream().map(block -> block.linear.chained(settings.follow(pass))).toList();
  }

  private NDArray oneByOne(Pass pass, NDArray x) {
    NDArray h = x;
    for (Block block : blocks) {
      h = block.forward(pass, h, settings);
    }
    return h;
  }

  /**
   * Passes each row through the network of its group. The parameters must have been made in a
   * context of {@code each}, one part per group. Normalisation is over the rows of a group.
   */
  public GroupedRows forward(Pass pass, GroupedRows rows) {
    return isChain()
        ? rows.layers(chain(pass)).orElseGet(() -> oneByOne(pass, rows))
        : oneByOne(pass, rows);
  }

  private GroupedRows oneByOne(Pass pass, GroupedRows rows) {
    GroupedRows h = rows;
    for (Block block : blocks) {
      h = block.forward(pass, h, settings);
    }
    return h;
  }

  /** Returns the last width. */
  public int outputWidth() {
    return outputWidth;
  }

  private record Block(Linear linear, @Nullable BatchNorm norm) {

    Block(ModelContext context, int in, int out, BlockSettings settings) {
      this(
          new Linear(context, in, out),
          settings.batchNorm() ? new BatchNorm(context.scope("norm"), out) : null);
    }

    NDArray forward(Pass pass, NDArray x, BlockSettings settings) {
      Follow follow = settings.follow(pass);
      return norm == null
          ? linear.forward(pass, x, follow)
          : norm.forward(pass, linear.forward(pass, x, Follow.NOTHING), follow);
    }

    GroupedRows forward(Pass pass, GroupedRows rows, BlockSettings settings) {
      return norm == null
          ? rows.linear(pass, linear, settings)
          : rows.linear(linear).normalize(pass, norm, settings);
    }
  }
}
