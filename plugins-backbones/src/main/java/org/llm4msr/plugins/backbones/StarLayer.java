package org.llm4msr.plugins.backbones;

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
import org.llm4msr.api.support.GroupedRows;
import org.llm4msr.api.support.Linear;

/** A linear layer with shared weights times, and shared biases plus, those of the row's group. */
final class StarLayer {

  private final Linear shared;
  private final List<Parameter> weights = new ArrayList<>();
  private final List<Parameter> biases = new ArrayList<>();

  /**
   * Makes a layer that starts as the shared one for all groups.
   *
   * @param group what stands before the number of a group in the names of parameters
   */
  StarLayer(ModelContext context, String group, int groups, int in, int out) {
    shared = new Linear(context.scope("shared"), in, out);
    for (int g = 0; g < groups; g++) {
      ModelContext own = context.scope(group + "." + g);
      weights.add(own.parameter("weight", new Shape(in, out), Initializer.ones(), Decay.YES));
      biases.add(own.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO));
    }
  }

  /** Computes rows of {@code in} columns to {@code out}. */
  GroupedRows forward(GroupedRows rows) {
    return rows.linear(stack(weights).mul(shared.weight()), stack(biases).add(shared.bias()));
  }

  /** Computes rows of one group: (n, in) to (n, out). */
  NDArray forward(int group, NDArray rows) {
    NDArray weight = shared.weight().mul(weights.get(group).array());
    return rows.matMul(weight).add(shared.bias()).add(biases.get(group).array());
  }

  private static NDArray stack(List<Parameter> parameters) {
    return NDArrays.stack(new NDList(parameters.stream().map(Parameter::array).toList()));
  }
}
