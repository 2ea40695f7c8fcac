package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
