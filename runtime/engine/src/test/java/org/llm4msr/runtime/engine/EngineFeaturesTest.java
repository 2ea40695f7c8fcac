package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.runtime.model.TestEngine;

/** What is said of an engine against what it does. */
@Tag("engine")
class EngineFeaturesTest {

  @Test
  void theEngineDoesWhatIsSaidOfItAndNothingElse() {
    try (NDManager manager = TestEngine.manager()) {
      NDArray x = manager.create(new float[] {3, 1, 2, 4, 6, 5}, new Shape(2, 3));
      NDArray column = manager.create(new long[] {2, 0}, new Shape(2, 1));
      NDArray nine = manager.full(new Shape(2, 1), 9f);
      Map<EngineFeature, UnaryOperator<NDArray>> uses =
          Map.of(
              EngineFeature.GATHER, a -> a.gather(column, 1),
              EngineFeature.SCATTER, a -> a.scatter(column, nine, 1),
              EngineFeature.TOP_K, a -> a.topK(2, 1).get(0));
      Map<EngineFeature, float[]> results =
          Map.of(
              EngineFeature.GATHER, new float[] {2, 4},
              EngineFeature.SCATTER, new float[] {3, 1, 9, 9, 6, 5},
              EngineFeature.TOP_K, new float[] {3, 2, 6, 5});
      Set<EngineFeature> said = EngineFeatures.of(TestEngine.NAME);

      uses.forEach(
          (feature, use) -> {
            if (said.contains(feature)) {
              assertThat(use.apply(x).toFloatArray()).isEqualTo(results.get(feature));
            } else {
              assertThatThrownBy(() -> use.apply(x))
                  .as("%s", feature)
                  .isInstanceOf(UnsupportedOperationException.class);
            }
          });
      assertThat(said).doesNotContain(EngineFeature.BFLOAT16);
    }
  }

  @Test
  void anEngineSaysTheSameBeforeAndAfterItIsLoaded() {
    try (TensorEngine engine = TestEngine.open()) {
      assertThat(EngineFeatures.of(TestEngine.NAME)).isEqualTo(engine.features());
      assertThat(new EngineTensors(engine).runsScripts())
          .isEqualTo(engine.features().contains(EngineFeature.SCRIPT));
    }
  }

  @Test
  void aRefusalNamesPluginFeaturesEngineAndWayOut() {
    assertThatThrownBy(
            () ->
                EngineFeatures.require(
                    "MXNet", "The plugin top", Set.of(EngineFeature.TOP_K, EngineFeature.GATHER)))
        .isInstanceOf(UnsupportedFeatureException.class)
        .hasMessage(
            "[plugin/UNSUPPORTED] GATHER, TOP_K: The plugin top needs it, but the engine MXNet does"
                + " not have it. Set runtime.engine to PyTorch.");
    assertThatThrownBy(
            () -> EngineFeatures.require("PyTorch", "It", Set.of(EngineFeature.BFLOAT16)))
        .hasMessageEndingWith(
            "No supported engine has everything it needs; choose another plugin.");
  }
}
