package org.llm4msr.runtime.knowledge.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.apache.arrow.memory.util.Float16;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

/** Vectors of one record batch, mapped from the file. Safe for several threads. */
final class VectorBlock {

  private final int dimension;
  private final @Nullable ShortBuffer halves;
  private final @Nullable FloatBuffer floats;

  VectorBlock(ByteBuffer mapped, Precision precision, int dimension) {
    ByteBuffer ordered = mapped.order(ByteOrder.LITTLE_ENDIAN);
    this.dimension = dimension;
    this.halves = precision == Precision.FLOAT16 ? ordered.asShortBuffer() : null;
    this.floats = precision == Precision.FLOAT32 ? ordered.asFloatBuffer() : null;
  }

  static int bytes(Precision precision) {
    return precision == Precision.FLOAT16 ? Short.BYTES : Float.BYTES;
  }

  /** Reads the vector of a row into {@code target}, (K). */
  void read(int row, float[] target) {
    int first = row * dimension;
    if (floats != null) {
      floats.get(first, target, 0, dimension);
    } else if (halves != null) {
      for (int k = 0; k < dimension; k++) {
        target[k] = Float16.toFloat(halves.get(first + k));
      }
    }
  }
}
