package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.JniUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.llm4msr.runtime.config.RuntimeConfig;

class OpenMpTest {

  private static TensorEngine open() {
    return TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", 2, "1GB", 0, false));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void onlyTheThreadThatAsksComputesElementsAlone() {
    try (TensorEngine engine = open();
        TensorEngine other = open()) {
      int threads = engine.call(JniUtils::getNumThreads);
      assertThat(engine.call(OpenMp::elementsAlone)).isTrue();
      assertThat(engine.call(JniUtils::getNumThreads)).isEqualTo(1);
      assertThat(other.call(JniUtils::getNumThreads)).isEqualTo(threads);
      assertThat(other.call(OpenMp::elementsAlone)).isTrue();
      assertThat(other.call(JniUtils::getNumThreads)).isEqualTo(1);
    }
  }
}
