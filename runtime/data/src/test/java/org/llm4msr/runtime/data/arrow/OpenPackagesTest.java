package org.llm4msr.runtime.data.arrow;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class OpenPackagesTest {

  @Test
  void whatTheJvmLacksIsNamed() {
    Module shut = Logger.class.getModule();

    assertThatThrownBy(() -> OpenPackages.require(shut))
        .hasMessageContainingAll("[jvm/NOT_OPEN]", "--add-opens=java.base/java.nio=ALL-UNNAMED");
    assertThatCode(OpenPackages::require).doesNotThrowAnyException();
  }
}
