package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.tables.Workers;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class DenormalsTest {

  private static final TensorEngine ENGINE =
      TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", 2, "1GB", 0, false));

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  /** Returns 2^-127 as a product of two normal numbers. */
  private static float product() {
    try (NDManager manager = ENGINE.engine().newBaseManager(ENGINE.device())) {
      NDArray left = manager.create(new float[][] {{0x1p-100f}});
      NDArray right = manager.create(new float[][] {{0x1p-27f}});
      return left.matMul(right).toFloatArray()[0];
    }
  }

  @Test
  void countAsZeroOnTheThreadOfTheEngineAlone() {
    assertThat(ENGINE.<Boolean>call(Denormals::areZero)).isTrue();
    assertThat(ENGINE.<Float>call(DenormalsTest::product)).isZero();
    assertThat(Denormals.areZero()).isFalse();
    assertThat(product()).isEqualTo(0x1p-127f);
  }

  @Test
  void areLeftToAThreadThatInfers() {
    float[] inferred = new float[1];
    ENGINE.infer(() -> inferred[0] = product());
    assertThat(inferred[0]).isEqualTo(0x1p-127f);
  }

  @Test
  void countForWorkersAsForTheirCaller() {
    try (Workers workers = new Workers(2)) {
      assertThat(areZeroForAHelperOf(workers)).isFalse();
      assertThat(ENGINE.<Boolean>call(() -> areZeroForAHelperOf(workers))).isTrue();
      assertThat(areZeroForAHelperOf(workers)).isFalse();
    }
  }

  /** Returns what the other thread says; the calling one waits for it in the block that it took. */
  private static boolean areZeroForAHelperOf(Workers workers) {
    AtomicBoolean areZero = new AtomicBoolean();
    CountDownLatch helped = new CountDownLatch(1);
    workers.range(
        2,
        1,
        (worker, from, to) -> {
          if (worker == 0) {
            assertThat(await(helped)).isTrue();
          } else {
            areZero.set(Denormals.areZero());
            helped.countDown();
          }
        });
    return areZero.get();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void countAgain() {
    Denormals.countAsZero(true);
    try {
      assertThat(product()).isZero();
    } finally {
      Denormals.countAsZero(false);
    }
    assertThat(product()).isEqualTo(0x1p-127f);
  }
}
