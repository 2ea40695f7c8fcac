package com.example.film;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.tck.FusionHeadConformance;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

class FilmHeadTest {

  private static final int WIDTH = 4;
  private static final int KNOWLEDGE = 3;
  private static final TestBatch BATCH = TestBatch.random(1, 20, WIDTH, 2, 5, KNOWLEDGE, 1);

  /** A backbone whose logit is the sum of its input. */
  private static final class Sum implements Backbone {
    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      return new BackboneOutput(null, features.flat().sum(new int[] {1}));
    }

    @Override
    public int hiddenSize() {
      return 0;
    }
  }

  private static ModelHarness.Parts head() {
    Field field = new Field("item", FieldRole.ITEM, new FieldKind.Categorical(), 0, WIDTH);
    List<Scenario> scenarios = List.of(new Scenario(0, "feed", 10), new Scenario(1, "search", 10));
    FilmConfig config = new FilmConfig(true);
    FilmFactory factory = new FilmFactory();
    return ModelHarness.of(List.of(field), scenarios, 1, context -> new Sum())
        .inputs(factory.requires(config))
        .head(KNOWLEDGE, context -> factory.create(config, context));
  }

  @Test
  void startsAsTheBackboneAlone() {
    try (ModelHarness model = head().create()) {
      float[] logits = model.infer(BATCH);
      for (int row = 0; row < BATCH.rows(); row++) {
        float sum = 0;
        for (float x : BATCH.flat()[row]) {
          sum += x;
        }
        assertThat(logits[row]).isCloseTo(sum, within(1e-5f));
      }
    }
  }

  @Test
  void scalesAndShiftsEachColumnByTheKnowledgeOfTheRow() {
    try (ModelHarness model = head().create()) {
      Map<String, float[]> values = new HashMap<>();
      for (String name : List.of("scenario/scale", "scenario/shift", "user/scale", "user/shift")) {
        values.put("fusion/" + name, ramp(name.length()));
      }
      model.set(values);

      float[] logits = model.infer(BATCH);

      for (int row = 0; row < BATCH.rows(); row++) {
        float[] scenario = BATCH.scenarioKnowledge()[BATCH.scenario()[row]];
        float[] user = BATCH.userKnowledge()[BATCH.user()[row]];
        double sum = 0;
        for (int column = 0; column < WIDTH; column++) {
          double x = BATCH.flat()[row][column];
          x = x * (1 + product(scenario, "scenario/scale", column));
          x = x + product(scenario, "scenario/shift", column);
          x = x * (1 + product(user, "user/scale", column));
          sum += x + product(user, "user/shift", column);
        }
        assertThat(logits[row]).as("row %d", row).isCloseTo((float) sum, within(1e-4f));
      }
    }
  }

  @Nested
  class ByScenario extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new FilmFactory();
    }
  }

  @Nested
  class ByScenarioAndUser extends ByScenario {
    @Override
    protected List<String> settings() {
      return List.of("users=true");
    }
  }

  /** (K, W) values that differ by parameter and place. */
  private static float[] ramp(int start) {
    float[] values = new float[KNOWLEDGE * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.01f * (start + 3 * i % 7) - 0.1f;
    }
    return values;
  }

  private static double product(float[] knowledge, String name, int column) {
    float[] weights = ramp(name.length());
    double sum = 0;
    for (int k = 0; k < KNOWLEDGE; k++) {
      sum += knowledge[k] * weights[k * WIDTH + column];
    }
    return sum;
  }
}
