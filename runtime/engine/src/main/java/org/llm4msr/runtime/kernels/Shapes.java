package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.types.Shape;

/** What products of the runtime ask of the shapes that they are given. */
public final class Shapes {

  private Shapes() {}

  /**
   * Checks a shape.
   *
   * @throws IllegalArgumentException if it is another
   */
  public static void require(String name, Shape shape, Shape expected) {
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "%s have the shape %s, expected %s".formatted(name, shape, expected));
    }
  }
}
