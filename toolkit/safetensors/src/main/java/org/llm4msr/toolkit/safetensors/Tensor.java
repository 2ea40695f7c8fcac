package org.llm4msr.toolkit.safetensors;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * A named float32 array in memory, in one piece.
 *
 * @param values all elements, row-major, from index 0 to its limit
 */
public record Tensor(String name, List<Long> shape, FloatBuffer values) implements PiecewiseTensor {

  public Tensor {
    shape = List.copyOf(shape);
  }

  @Override
  public List<FloatBuffer> pieces() {
    return List.of(values);
  }
}
