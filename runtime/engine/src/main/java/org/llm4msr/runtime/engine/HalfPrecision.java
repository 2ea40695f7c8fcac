package org.llm4msr.runtime.engine;

import ai.djl.engine.EngineException;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.plugins.MemoryErrors;

/** Where products of bfloat16 exist. */
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
              throw refused(
                  "%s = bfloat16: %s. Set it to float32.".formatted(setting, reason), null);
            });
  }

  /**
   * Returns the products of the engine's device, null where it is a CPU: layers have their own
   * there.
   *
   * @throws MsrException {@code config/NO_BFLOAT16} if the device has none
   */
  public static @Nullable HalfScript script(TensorEngine engine) {
    if (!engine.device().isGpu()) {
      return null;
    }
    try {
      return HalfScript.of(engine);
    } catch (EngineException e) {
      if (MemoryErrors.explain(e).isPresent()) {
        throw e; // Reported as such.
      }
      throw refused(
          "%s has no products of bfloat16: %s. Set training.precision and scoring.precision to float32."
              .formatted(engine.deviceName(), e.getMessage()),
          e);
    }
  }

  private static MsrException refused(String text, @Nullable Throwable cause) {
    return new MsrException(ErrorType.USER, "config/NO_BFLOAT16", text, cause);
  }

  /** Returns why there are no such products, empty if there are. */
  static Optional<String> whyNot(
      String engine, boolean gpu, CpuInfo processor, BooleanSupplier mkl) {
    if (!engine.equals(PyTorchEngine.NAME)) {
      return Optional.of("the engine " + engine + " has no such products; PyTorch has");
    }
    if (gpu) {
      return Optional.empty();
    }
    if (!processor.hasAny(INSTRUCTIONS)) {
      return Optional.of("this processor has neither AVX512_BF16 nor AMX");
    }
    return mkl.getAsBoolean()
        ? Optional.empty()
        : Optional.of("this PyTorch brings no MKL, which has such products");
  }
}
