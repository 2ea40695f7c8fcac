package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TensorEngineTest {

  /** As where one jar's file of services took the place of the other's. */
  @Test
  void anEngineThatIsNotThereIsSaidToBeNotThere() {
    assertThatThrownBy(() -> TensorEngine.find("Nowhere"))
        .hasMessageStartingWith(
            "[engine/NOT_LOADED] The engine Nowhere is not on the class path. Add its jar")
        .hasMessageEndingWith("must merge their files in META-INF/services.");
  }
}
