package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.serving.ranker.CompiledManifest.Scenario;

class CompiledManifestTest {

  @Test
  void aTableShowsHowNearToTheModelTheGraphsAre() {
    CompiledManifest manifest =
        new CompiledManifest(
            1,
            List.of(
                new Scenario("feed", "scorer.onnx", null, 256, 0.000_000_061),
                new Scenario("search", "search.onnx", null, 8, 0)));

    assertThat(manifest.text())
        .isEqualTo(
            """
            scenario  graph        rows compared  largest difference
            feed      scorer.onnx  256            6.1e-08
            search    search.onnx  8              0.0e+00
            """);
  }
}
