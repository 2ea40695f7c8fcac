package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FloatMemoryTest {

  @Test
  void clearsAllNumbers() {
    float[] numbers = new float[2500];
    Arrays.fill(numbers, 7);

    FloatMemory.clear(FloatBuffer.wrap(numbers));

    assertThat(numbers).containsOnly(0);
  }
}
