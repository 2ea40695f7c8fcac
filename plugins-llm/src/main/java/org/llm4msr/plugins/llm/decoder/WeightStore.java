package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/** How weights are kept once they were read as float32. */
interface WeightStore {

  /** Returns a copy in the type of the weights; the float32 array is closed afterwards. */
  NDArray keep(NDArray float32);

  /** Returns arrays one below the other. */
  NDArray stack(NDList parts);

  /** Keeps float32, with operations that every engine has. */
  final class Float32 implements WeightStore {

    private final NDManager manager;

    Float32(NDManager manager) {
      this.manager = manager;
    }

    @Override
    public NDArray keep(NDArray float32) {
      NDArray copy = float32.duplicate();
      copy.attach(manager);
      return copy;
    }

    @Override
    public NDArray stack(NDList parts) {
      NDArray whole = ai.djl.ndarray.NDArrays.concat(parts, 0);
      whole.attach(manager);
      return whole;
    }
  }
}
