package org.llm4msr.plugins.backbones.adaptive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

@Tag("engine")
class AdaptDhmTest {

  private static final int WIDTH = 12;
  private static final int CLUSTERS = 3;

  @Test
  void centresStayApartOverManySteps() {
    // Centres of length 1 that share a plane evenly are 1.7 apart.
    assertThat(distances()).allMatch(distance -> distance > 0.5);
  }

  /** Returns the distances between centres after many steps. */
  private static List<Double> distances() {
    AdaptDhmConfig config =
        new AdaptDhmConfig(CLUSTERS, 0.9, 3, 0.1, List.of(4), Activation.RELU, 0);
    Field field = new Field("x", FieldRole.USER, new FieldKind.Categorical(), 0, WIDTH);
    ModelShape shape =
        new ModelShape(new FeatureLayout(List.of(field)), List.of(new Scenario(0, "feed", 9)), 1);
    TestBatch batch = TestBatch.random(1, 256, WIDTH, 1, 1, 1, 1);

    Map<String, float[]> buffers;
    try (ModelHarness model =
        ModelHarness.of(shape, context -> new AdaptDhmFactory().create(config, context)).create()) {
      for (int step = 0; step < 200; step++) {
        model.train(batch, new float[batch.rows()]);
      }
      buffers = model.store().bufferValues();
    }

    List<Double> distances = new ArrayList<>();
    float[] centres = buffers.get("backbone/centres");
    for (int i = 0; i < CLUSTERS; i++) {
      for (int j = 0; j < i; j++) {
        double squares = 0;
        for (int k = 0; k < WIDTH; k++) {
          squares += Math.pow(centres[i * WIDTH + k] - centres[j * WIDTH + k], 2);
        }
        distances.add(Math.sqrt(squares));
      }
    }
    return distances;
  }
}
