package org.llm4msr.runtime.training.workers;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * What the workers found in one step, added up.
 *
 * @param loss of the batch
 * @param terms the parts of the loss that have names
 * @param gradients of the dense parameters, in their order; valid until the next step
 */
public record Joint(float loss, Map<String, Float> terms, List<FloatBuffer> gradients) {

  public Joint {
    terms = Map.copyOf(terms);
    gradients = List.copyOf(gradients);
  }
}
