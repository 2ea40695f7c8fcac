package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

  private static final CpuInfo WITH = new CpuInfo("flags\t\t: fpu avx512f avx512_bf16 avx512_fp16");
  private static final CpuInfo WITH_TILES = new CpuInfo("flags : fpu amx_bf16 amx_tile");
  private static final CpuInfo WITHOUT = new CpuInfo("flags : fpu avx2 avx512f");
  private static final CpuInfo UNKNOWN = new CpuInfo("");

  @Test
  void isThereWithTheInstructions() {
    assertThat(HalfPrecision.whyNot("PyTorch", false, WITH, () -> true)).isEmpty();
    assertThat(HalfPrecision.whyNot("PyTorch", false, WITH_TILES, () -> true)).isEmpty();
    assertThat(HalfPrecision.whyNot("PyTorch", true, WITHOUT, () -> false)).isEmpty();
  }

  @Test
  void isNotThereElsewhere() {
    assertThat(HalfPrecision.whyNot("PyTorch", false, WITHOUT, () -> true))
        .contains("this processor has neither AVX512_BF16 nor AMX");
    assertThat(HalfPrecision.whyNot("PyTorch", false, UNKNOWN, () -> true)).isPresent();
    assertThat(HalfPrecision.whyNot("PyTorch", false, WITH, () -> false))
        .contains("this PyTorch brings no MKL, which has such products");
    assertThat(HalfPrecision.whyNot("MXNet", false, WITH, () -> true))
        .contains("the engine MXNet has no such products; PyTorch has");
  }
}
