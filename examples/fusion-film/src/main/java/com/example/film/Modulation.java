package com.example.film;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;

/** Two linear maps from knowledge to a scale and a shift of every column of the input. */
final class Modulation {

  private final Parameter scale;
  private final Parameter shift;

  /**
   * Makes the parameters.
   *
   * @param knowledgeSize K
   */
  Modulation(ModelContext context, int knowledgeSize) {
    Shape shape = new Shape(knowledgeSize, context.layout().width());
    scale = context.parameter("scale", shape, Initializer.zeros(), Decay.YES);
    shift = context.parameter("shift", shape, Initializer.zeros(), Decay.YES);
  }

  /**
   * Modulates each row by the knowledge of its group.
   *
   * @param knowledge (G, K)
   * @param x (B, W)
   * @return (B, W)
   */
  NDArray apply(Grouping grouping, NDArray knowledge, NDArray x) {
    NDArray gamma = grouping.rowValues(knowledge.matMul(scale.array()));
    NDArray beta = grouping.rowValues(knowledge.matMul(shift.array()));
    return x.mul(gamma.add(1)).add(beta);
  }
}
