package org.llm4msr.toolkit.safetensors;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A number type of safetensors that is read as float32. */
enum NumberType {
  F64(8) {
    @Override
    void read(ByteBuffer from, FloatBuffer to) {
      while (from.hasRemaining()) {
        to.put((float) from.getDouble());
      }
    }
  },
  F32(4) {
    @Override
    void read(ByteBuffer from, FloatBuffer to) {
      to.put(from.asFloatBuffer());
    }
  },
  F16(2) {
    @Override
    void read(ByteBuffer from, FloatBuffer to) {
      while (from.hasRemaining()) {
        to.put(half(from.getShort()));
      }
    }
  },
  BF16(2) {
    @Override
    void read(ByteBuffer from, FloatBuffer to) {
      while (from.hasRemaining()) {
        to.put(Float.intBitsToFloat(from.getShort() << 16));
      }
    }
  };

  private final int bytes;

  NumberType(int bytes) {
    this.bytes = bytes;
  }

  static @Nullable NumberType of(String name) {
    return Stream.of(values()).filter(type -> type.name().equals(name)).findFirst().orElse(null);
  }

  /** Returns the bytes of a number. */
  int bytes() {
    return bytes;
  }

  /** Appends the numbers of a buffer. */
  abstract void read(ByteBuffer from, FloatBuffer to);

  /** Returns an IEEE half as a float. */
  private static float half(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      float small = fraction * 0x1p-24f;
      return sign == 0 ? small : -small;
    }
    int shifted = exponent == 31 ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | shifted << 23 | fraction << 13);
  }
}
