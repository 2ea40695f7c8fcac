package org.llm4msr.plugins.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.support.GroupedRows;
import org.llm4msr.api.support.Linear;

/** A linear layer with shared weights times, and shared biases plus, those of the scenario. */
final class StarLayer {

  private final Linear shared;
  private final List<Parameter> weights = new ArrayList<>();
  private final List<Parameter> biases = new ArrayList<>();

  StarLayer(ModelContext context, int in, int out) {
    shared = new Linear(context.scope("shared"), in, out);
    for (int rank = 0; rank < context.scenarios().size(); rank++) {
      ModelContext own = context.scope("scenario." + rank);
      weights.add(own.parameter("weight", new Shape(in, out), Initializer.ones(), Decay.YES));
      biases.add(own.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO));
    }
  }

  /** Computes rows of {@code in} columns to {@code out}. */
  GroupedRows forward(GroupedRows rows) {
    NDArray weight = shared.weight();
    NDArray bias = shared.bias();
    return rows.linear(
        rank -> weight.mul(weights.get(rank).array()), rank -> bias.add(biases.get(rank).array()));
  }
}
