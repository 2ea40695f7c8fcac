package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import com.sun.jna.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.model.TestEngine;

class HalfMemoryTest {

  /** Ties go to the even one of two; what is too large becomes infinite; a NaN remains one. */
  @ParameterizedTest
  @CsvSource({
    "1.0, 3F80",
    "-2.5, C020",
    "1.00390625, 3F80",
    "1.01171875, 3F82",
    "1.00390637, 3F81",
    "3.4028235E38, 7F80",
    "Infinity, 7F80",
    "-Infinity, FF80",
    "0.0, 0000",
    "-0.0, 8000",
    "NaN, 7FC0"
  })
  void rounds(float value, String bits) {
    int half = HalfMemory.rounded(Float.floatToRawIntBits(value)) >>> 16;

    assertThat(String.format("%04X", half)).isEqualTo(bits);
  }

  /** The bits of a NaN that rounding would carry into the sign. */
  @Test
  void keepsEveryNaN() {
    assertThat(HalfMemory.rounded(0x7FFFFFFF) >>> 16).isEqualTo(0x7FFF);
    assertThat(HalfMemory.rounded(0x7F800001) >>> 16).isEqualTo(0x7FC0);
    assertThat(HalfMemory.rounded(0xFFFFFFFF) >>> 16).isEqualTo(0xFFFF);
  }

  @Tag("engine")
  @ParameterizedTest
  @CsvSource({"0, 9000", "1, 8999", "3, 6", "2, 3", "3, 4", "5, 5"})
  void writesTheNumbersOfARange(int from, int to) {
    int count = 9000;
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = 1 + i;
    }
    try (NDManager manager = TestEngine.manager()) {
      assumeThat(Mkl.serves(manager)).isTrue();
      HalfMemory memory = HalfMemory.of(manager, count);
      Pointer place = new Pointer(memory.address());
      place.setMemory(0, count * Short.BYTES, (byte) 0);

      memory.put(FloatMemory.of(manager.create(numbers)).bits(), from, to);

      short[] expected = new short[count];
      for (int i = from; i < to; i++) {
        expected[i] = (short) (HalfMemory.rounded(Float.floatToRawIntBits(1 + i)) >>> 16);
      }
      assertThat(place.getShortArray(0, count)).containsExactly(expected);
    }
  }
}
