package org.llm4msr.runtime.engine;

import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.Precision;

/** Where products of bfloat16 with sums in float32 exist. */
public final class HalfPrecision {

  private static final List<String> INSTRUCTIONS = List.of("avx512_bf16", "amx_bf16");

  private HalfPrecision() {}

  /**
   * Checks that an engine has products of a precision.
   *
   * @param setting its name, for the message
   * @throws MsrException {@code config/NO_BFLOAT16} if it has not
   */
  public static void require(String setting, Precision precision, TensorEngine engine) {
    if (precision == Precision.FLOAT32) {
      return;
    }
    whyNot(engine.engine().getEngineName(), engine.device().isGpu(), CpuInfo.read(), Mkl::isThere)
        .ifPresent(
            reason -> {
              throw new MsrException(
                  ErrorType.USER,
                  "config/NO_BFLOAT16",
                  "%s = bfloat16: %s. Set it to float32.".formatted(setting, reason));
            });
  }

  /** Returns why there are no such products, empty if there are. */
  static Optional<String> whyNot(
      String engine, boolean gpu, CpuInfo processor, BooleanSupplier mkl) {
    if (!engine.equals(PyTorchEngine.NAME)) {
      return Optional.of("the engine " + engine + " has no such products; PyTorch has");
    }
    if (gpu) {
      return Optional.of("models on a GPU have no such products yet");
    }
    if (!processor.hasAny(INSTRUCTIONS)) {
      return Optional.of("this processor has neither AVX512_BF16 nor AMX");
    }
    return mkl.getAsBoolean()
        ? Optional.empty()
        : Optional.of("this PyTorch brings no MKL, which has such products");
  }
}
