package org.llm4msr.toolkit.safetensors;

import java.nio.FloatBuffer;
import java.util.List;

/** A named float32 array in memory, in one piece or in several. */
public interface PiecewiseTensor {

  String name();

  List<Long> shape();

  /** Returns consecutive pieces of all elements, row-major, each from index 0 to its limit. */
  List<FloatBuffer> pieces();
}
