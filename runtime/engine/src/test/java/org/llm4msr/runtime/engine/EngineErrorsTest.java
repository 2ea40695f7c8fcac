package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
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
  @Tag("engine")
  void whoChangesAParameterInPlaceIsNamedWithTheWayOut() {
    assumeThat(TestEngine.NAME).isEqualTo(PyTorchEngine.NAME);
    try (NDManager manager = TestEngine.manager();
        GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray leaf = manager.ones(new Shape(2, 3));
      leaf.setRequiresGradient(true);

      for (NDArray changed : List.of(leaf, TorchGradients.guarded(leaf))) {
        Throwable refusal = catchThrowable(() -> changed.muli(2));

        assertThat(EngineErrors.explain(new IllegalStateException("in a pass", refusal)))
            .hasValueSatisfying(
                error ->
                    assertThat(error)
                        .hasMessageStartingWith(
                            "[plugin/IN_PLACE] An array that gradients need was changed in place by"
                                + " muli, asked for by "
                                + EngineErrorsTest.class.getName()
                                + ".")
                        .hasMessageContaining(" return a new array: mul for muli"));
      }
    }
  }

  @Test
  @Tag("engine")
  void aChangeThatTheBackwardPassFindsIsNotOfWhatIsInItsStack() {
    assumeThat(TestEngine.NAME).isEqualTo(PyTorchEngine.NAME);
    try (NDManager manager = TestEngine.manager();
        GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray leaf = manager.ones(new Shape(2, 3));
      leaf.setRequiresGradient(true);
      NDArray result = leaf.exp();
      result.addi(1);

      Throwable refusal = catchThrowable(() -> collector.backward(result.sum()));

      assertThat(EngineErrors.explain(refusal))
          .hasValueSatisfying(
              error ->
                  assertThat(error)
                      .hasMessageStartingWith(
                          "[plugin/IN_PLACE] An array that gradients need was changed in place."
                              + " Have the plugin use"));
    }
  }

  @Test
  void otherErrorsAreLeftAlone() {
    assertThat(EngineErrors.explain(new EngineException("The size of tensor a"))).isEmpty();
    assertThat(EngineErrors.explain(new UnsupportedOperationException("ours"))).isEmpty();
    assertThat(EngineErrors.explain(new IllegalStateException())).isEmpty();
  }
}
