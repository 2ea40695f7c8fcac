package org.llm4msr.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Copies of arrays in Java's memory. When it copies from a device, DJL attaches an intermediate
 * array to the manager of the array that it reads, which may live as long as the model.
 */
public final class HostCopy {

  private HostCopy() {}

  /** Copies float32 numbers, row-major, from any device. */
  public static float[] of(NDArray array) {
    NDManager owner = array.getManager();
    try (NDManager passing = owner.newSubManager()) {
      array.attach(passing);
      try {
        return array.toFloatArray();
      } finally {
        array.attach(owner);
      }
    }
  }
}
