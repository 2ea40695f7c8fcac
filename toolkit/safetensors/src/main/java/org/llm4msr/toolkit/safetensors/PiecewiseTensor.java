package org.llm4msr.toolkit.safetensors;

import java.nio.FloatBuffer;
import java.util.List;

/** A named float32 array in memory, in one piece or in several. */
public interface PiecewiseTensor {

  /** Returns its name, which no other array of the file has. */
  String name();

  /** Returns the sizes of its axes, the outermost first; empty for a single number. */
  List<Long> shape();

  /**
   * Returns consecutive pieces of all elements, row-major, each from index 0 to its limit. They are
   * only read, and must not change meanwhile.
   */
  List<FloatBuffer> pieces();
}
