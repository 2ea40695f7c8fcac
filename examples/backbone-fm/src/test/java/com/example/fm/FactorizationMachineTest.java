package com.example.fm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

class FactorizationMachineTest {

  private static final int FIELDS = 3;
  private static final int SIZE = 2;
  private static final TestBatch BATCH = TestBatch.random(1, 20, FIELDS * SIZE, 2, 5, 1, 1);

  private static ModelHarness.Parts machine() {
    List<Field> fields =
        List.of(
            new Field("user", FieldRole.USER, new FieldKind.Categorical(), 0, SIZE),
            new Field("item", FieldRole.ITEM, new FieldKind.Categorical(), SIZE, SIZE),
            new Field("hour", FieldRole.CONTEXT, new FieldKind.Categorical(), 2 * SIZE, SIZE));
    List<Scenario> scenarios = List.of(new Scenario(0, "feed", 10), new Scenario(1, "search", 10));
    return ModelHarness.of(
        fields,
        scenarios,
        1,
        context ->
            new FactorizationMachineFactory()
                .create(new FactorizationMachineConfig(true), context));
  }

  @Test
  void sumsTheProductsOfAllPairsOfFields() {
    try (ModelHarness model = machine().create()) {
      float[] logits = model.infer(BATCH);

      // All parameters start at zero, so only the pairs contribute.
      for (int row = 0; row < BATCH.rows(); row++) {
        assertThat(logits[row]).isCloseTo(pairs(BATCH.flat()[row]), within(1e-5f));
      }
    }
  }

  /** The rules that every backbone keeps. */
  @Nested
  class WithScenarioBias extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new FactorizationMachineFactory();
    }
  }

  @Nested
  class WithoutScenarioBias extends WithScenarioBias {
    @Override
    protected List<String> settings() {
      return List.of("scenarioBias=false");
    }
  }

  private static float pairs(float[] flat) {
    float sum = 0;
    for (int i = 0; i < FIELDS; i++) {
      for (int j = i + 1; j < FIELDS; j++) {
        for (int k = 0; k < SIZE; k++) {
          sum += flat[i * SIZE + k] * flat[j * SIZE + k];
        }
      }
    }
    return sum;
  }
}
