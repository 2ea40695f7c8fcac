package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import com.sun.jna.Pointer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.Workers;

class HalfMemoryTest {

  private static final byte UNTOUCHED = 0x55;

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
  @CsvSource({
    "9000, 0, 9000",
    "9000, 1, 8999",
    "9000, 1, 9000",
    "9000, 0, 8999",
    "9000, 2, 7",
    "9000, 3, 6",
    "9000, 2, 3",
    "9000, 3, 4",
    "9000, 5, 5",
    "1025, 0, 1025",
    "1025, 1024, 1025",
    "1, 0, 1"
  })
  void writesTheNumbersOfARange(int count, int from, int to) {
    try (NDManager manager = TestEngine.manager()) {
      assumeThat(Mkl.serves(manager)).isTrue();
      for (HalfMemory memory : List.of(HalfMemory.of(count), HalfMemory.of(manager, count))) {
        Pointer place = new Pointer(memory.address());
        place.setMemory(0, (long) count * Short.BYTES, UNTOUCHED);

        memory.put(numbers(count), from, to);

        assertThat(place.getShortArray(0, count)).containsExactly(expected(count, from, to));
      }
    }
  }

  /** Borders between two threads may lie at odd numbers, within four bytes that both write to. */
  @Tag("engine")
  @Test
  void threadsShareNoNumber() {
    int[] borders = {0, 3, 4, 1027, 5000, 5001, 9001};
    try (NDManager manager = TestEngine.manager();
        Workers workers = new Workers(2)) {
      assumeThat(Mkl.serves(manager)).isTrue();
      HalfMemory memory = HalfMemory.of(9001);

      workers.range(
          borders.length - 1,
          1,
          (worker, from, to) -> memory.put(numbers(9001), borders[from], borders[to]));

      assertThat(new Pointer(memory.address()).getShortArray(0, 9001))
          .containsExactly(expected(9001, 0, 9001));
    }
  }

  private static IntBuffer numbers(int count) {
    IntBuffer bits = IntBuffer.allocate(count);
    for (int i = 0; i < count; i++) {
      bits.put(i, Float.floatToRawIntBits(number(i)));
    }
    return bits;
  }

  private static float number(int i) {
    return i % 3 == 0 ? -1 - i : 1 + i;
  }

  private static short[] expected(int count, int from, int to) {
    short[] halves = new short[count];
    Arrays.fill(halves, (short) ((UNTOUCHED << Byte.SIZE) | UNTOUCHED));
    for (int i = from; i < to; i++) {
      halves[i] = (short) (HalfMemory.rounded(Float.floatToRawIntBits(number(i))) >>> 16);
    }
    return halves;
  }
}
