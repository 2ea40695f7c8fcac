package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.toolkit.model.Scale;

/**
 * Multi-head self-attention over the events of a row, after M2M (Zhang et al., WSDM 2022), and its
 * mean over the events; zeros if there are none. With E the events, a head is softmax(E Q (E K)^T /
 * sqrt(d)) E V, and the result is the heads side by side times O.
 */
final class SelfAttention {

  private final List<Head> heads = new ArrayList<>();
  private final Parameter output;
  private final int width;

  /** Makes the parameters for a sequence of this shape. */
  SelfAttention(ModelContext context, SequenceShape shape, int count) {
    width = shape.width();
    int own = (width + count - 1) / count;
    for (int head = 0; head < count; head++) {
      heads.add(Head.of(context.scope("head." + head), width, own));
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
    NDList results = new NDList();
    heads.forEach(head -> results.add(head.of(sequence.vectors(), mask.expandDims(1))));
    NDArray all = results.size() == 1 ? results.get(0) : NDArrays.concat(results, 2);
    NDArray mean =
        mask.expandDims(1).matMul(all).squeeze(1).div(mask.sum(new int[] {1}, true).maximum(1));
    return mean.matMul(output.array()); // The mean of products is the product of the mean.
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
