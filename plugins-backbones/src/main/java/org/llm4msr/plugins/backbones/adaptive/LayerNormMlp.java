package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Dropout;
import org.llm4msr.toolkit.model.Linear;

/** Blocks of a linear layer, normalisation of each row over its columns, activation and dropout. */
final class LayerNormMlp {

  private static final float EPSILON = 1e-5f;

  private final List<Block> blocks = new ArrayList<>();
  private final BlockSettings settings;

  private record Block(Linear linear, Parameter scale, Parameter shift) {

    Block(ModelContext context, int in, int out) {
      this(
          new Linear(context, in, out),
          context.parameter("norm/scale", new Shape(out), Initializer.ones(), Decay.NO),
          context.parameter("norm/shift", new Shape(out), Initializer.zeros(), Decay.NO));
    }

    NDArray forward(NDArray x) {
      int[] columns = {1};
      NDArray h = linear.forward(x);
      NDArray centred = h.sub(h.mean(columns, true));
      NDArray deviation = centred.square().mean(columns, true).add(EPSILON).sqrt();
      return centred.div(deviation).mul(scale.array()).add(shift.array());
    }
  }

  LayerNormMlp(ModelContext context, int in, List<Integer> widths, BlockSettings settings) {
    this.settings = settings;
    int width = in;
    for (int out : widths) {
      blocks.add(new Block(context.scope("layer." + blocks.size()), width, out));
      width = out;
    }
  }

  /** Computes (n, in) to (n, the last width). */
  NDArray forward(Pass pass, NDArray x) {
    NDArray h = x;
    for (Block block : blocks) {
      NDArray y = settings.activation().apply(block.forward(h));
      h = Dropout.apply(pass, y, settings.dropout());
    }
    return h;
  }
}
