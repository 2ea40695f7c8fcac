package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** How to keep weights that are read as float32, part by part. */
interface WeightStore {

  /** Makes an array of the type of the weights, for {@link #put} to fill. */
  NDArray make(Shape shape);

  /** Writes rows, from {@code first} on; the float32 array is closed afterwards. */
  void put(NDArray weights, long first, NDArray float32);

  /** Keeps float32, with operations that every engine has. */
  record Float32(NDManager manager) implements WeightStore {

    @Override
    public NDArray make(Shape shape) {
      return manager.create(shape, DataType.FLOAT32);
    }

    @Override
    public void put(NDArray weights, long first, NDArray float32) {
      weights.set(new NDIndex("{}:{}", first, first + float32.size(0)), float32);
    }
  }
}
