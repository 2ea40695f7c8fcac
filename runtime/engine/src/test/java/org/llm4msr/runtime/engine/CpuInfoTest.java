package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuInfoTest {

  @ParameterizedTest
  @CsvSource({
    "fpu fma avx2, true, true",
    "fpu avx2, true, false",
    "fma fpu, true, false",
    "fpu avx2x fma4, false, false",
  })
  void knowsWhatTheProcessorHas(String flags, boolean any, boolean all) {
    CpuInfo processor = new CpuInfo("vendor_id\t: GenuineIntel\nflags\t\t: " + flags + "\n");

    assertThat(processor.hasAny(List.of("avx2", "fma"))).isEqualTo(any);
    assertThat(processor.hasAll(List.of("avx2", "fma"))).isEqualTo(all);
    assertThat(new CpuInfo("").hasAll(List.of("avx2"))).isFalse();
  }
}
