package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.model.TestEngine;

/** What the JVM and PyTorch say themselves where memory runs out. */
class MemoryErrorsTest {

  private static void assertExplained(Throwable error, String... parts) {
    assertThat(MemoryErrors.explain(error))
        .hasValueSatisfying(found -> assertThat(found).hasMessageContainingAll(parts));
  }

  @Test
  void aFullHeapIsToldWithItsLimit() {
    Throwable full = catchThrowable(() -> assertThat(new long[Integer.MAX_VALUE - 8]).isNull());

    assertExplained(
        new IllegalStateException(full),
        "[memory/HEAP] Java's heap of ",
        "LLM4MSR_JAVA_OPTS=-Xmx8g",
        "training.batchSize");
  }

  /** The text of a JDK 17, without taking the memory. */
  @Test
  void fullDirectMemoryIsToldApart() {
    assertExplained(
        new OutOfMemoryError(
            "Cannot reserve 4096 bytes of direct buffer memory (allocated: 4294967000, limit: 4294967296)"),
        "[memory/DIRECT] ",
        "-XX:MaxDirectMemorySize");
  }

  @Test
  void anEngineThatIsFullIsTold() {
    try (NDManager manager = TestEngine.manager()) {
      Throwable full =
          catchThrowable(() -> manager.zeros(new Shape(1L << 31, 1L << 13)).toFloatArray());

      assertExplained(full, "[memory/ENGINE] The engine ran out of memory: ", "batchTokens");
    }
  }

  /** The texts of PyTorch on a GPU, of which there is none here. */
  @Test
  void aFullGpuIsToldInTheWordsThatSaySo() {
    assertExplained(
        new EngineException(
            "The following operation failed in the TorchScript interpreter.\nTraceback:\nCUDA out of memory. Tried to allocate 2.00 GiB."),
        "memory: CUDA out of memory. Tried to allocate 2.00 GiB. Lower");
    assertExplained(
        new EngineException(
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        "[memory/ENGINE]");
  }

  @Test
  void otherErrorsAreLeftAlone() {
    assertThat(MemoryErrors.explain(new EngineException("does not require grad"))).isEmpty();
    assertThat(MemoryErrors.explain(new IllegalStateException("out of memory"))).isEmpty();
  }
}
