package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.toolkit.model.Scale;

/**
 * Multi-head self-attention over the events of a row, the transformer layer of M2M (Zhang et al.,
 * WSDM 2022), and its mean over the events; zeros if there are none. With X the events, each beside
 * what is learned of its place, a head is softmax(X Q (X K)^T / sqrt(d)) X V, and the result is the
 * heads side by side times O.
 *
 * <p>The paper does not say how the events become one vector. Public code has the scenario attend
 * to them; the mean is without parameters.
 */
final class SelfAttention {

  private final List<Head> heads = new ArrayList<>();
  private final Parameter output;
  private final @Nullable Parameter places;
  private final int width;

  /**
   * Makes the parameters for a sequence of this shape.
   *
   * @param positions numbers that are learned of each place; may be 0
   */
  SelfAttention(ModelContext context, SequenceShape shape, int count, int positions) {
    width = shape.width();
    places =
        positions == 0
            ? null
            : context.parameter(
                "places",
                new Shape(shape.length(), positions),
                Initializer.linear(positions),
                Decay.NO);
    int own = (width + count - 1) / count;
    for (int head = 0; head < count; head++) {
      heads.add(Head.of(context.scope("head." + head), width + positions, own));
    }
    output = weight(context, "output", own * count, width);
  }

  private static Parameter weight(ModelContext context, String name, int in, int out) {
    return context.parameter(name, new Shape(in, out), Initializer.linear(in), Decay.YES);
  }

  /** Returns D. */
  int width() {
    return width;
  }

  /** Returns what the rows' events tell, (B, D). */
  NDArray of(Sequence sequence) {
    NDArray mask = sequence.mask();
    NDArray events = withPlaces(sequence);
    NDList results = new NDList();
    heads.forEach(head -> results.add(head.of(events, mask.expandDims(1))));
    NDArray all = results.size() == 1 ? results.get(0) : NDArrays.concat(results, 2);
    NDArray mean =
        mask.expandDims(1).matMul(all).squeeze(1).div(mask.sum(new int[] {1}, true).maximum(1));
    return mean.matMul(output.array()); // The mean of products is the product of the mean.
  }

  private NDArray withPlaces(Sequence sequence) {
    if (places == null) {
      return sequence.vectors();
    }
    NDArray ofRows = sequence.mask().expandDims(2).mul(places.array().expandDims(0));
    return NDArrays.concat(new NDList(sequence.vectors(), ofRows), 2);
  }

  /** One head of width d. */
  private record Head(Parameter query, Parameter key, Parameter value, int width) {

    static Head of(ModelContext context, int in, int width) {
      return new Head(
          weight(context, "query", in, width),
          weight(context, "key", in, width),
          weight(context, "value", in, width),
          width);
    }

    /** Returns (B, L, d). */
    NDArray of(NDArray events, NDArray mask) {
      NDArray keys = project(events, key).transpose(0, 2, 1);
      NDArray scores = Scale.by(project(events, query).matMul(keys), 1 / Math.sqrt(width));
      return SequenceMask.softmax(scores, mask).matMul(project(events, value));
    }

    private NDArray project(NDArray events, Parameter weight) {
      Shape shape = events.getShape();
      return events
          .reshape(-1, shape.get(2))
          .matMul(weight.array())
          .reshape(shape.get(0), shape.get(1), width);
    }
  }
}
