package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.model.TestEngine;

/** What an engine says where it lacks an operation. */
class EngineErrorsTest {

  @Test
  @Tag("engine")
  void anOperationThatTheEngineLacksIsNamedWithWhoAskedForIt() {
    Engine engine = TestEngine.engine();
    try (NDManager manager = engine.newBaseManager()) {
      Throwable refusal = catchThrowable(() -> manager.ones(new Shape(2, 2)).topK(1, 1).close());

      if (EngineFeatures.of(engine.getEngineName()).isEmpty()) {
        assertThat(EngineErrors.explain(new IllegalStateException("in a pass", refusal)))
            .hasValueSatisfying(
                error ->
                    assertThat(error)
                        .hasMessageContainingAll(
                            "[plugin/UNSUPPORTED] The engine MXNet does not have the operation topK",
                            " by " + EngineErrorsTest.class.getName() + ".",
                            "Set runtime.engine to another one."));
      } else {
        assertThat(refusal).isNull();
      }
    }
  }

  @Test
  void otherErrorsAreLeftAlone() {
    assertThat(EngineErrors.explain(new UnsupportedOperationException("ours"))).isEmpty();
    assertThat(EngineErrors.explain(new IllegalStateException())).isEmpty();
  }
}
