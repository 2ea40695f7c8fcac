package org.llm4msr.toolkit.safetensors;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * A named float32 array in memory.
 *
 * @param values all elements, row-major, from index 0 to its limit
 */
public record Tensor(String name, List<Long> shape, FloatBuffer values) {

  public Tensor {
    shape = List.copyOf(shape);
  }

  long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
