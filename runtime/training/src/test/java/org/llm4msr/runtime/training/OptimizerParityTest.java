package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.EmbeddingUpdate;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.tables.Workers;

/** Table updates against {@code torch.optim}: {@code src/test/python/optimizers.py}. */
class OptimizerParityTest {

  private static final JsonNode FIXTURE = fixture();

  @ParameterizedTest
  @ValueSource(strings = {"lazy adam", "adam", "adam l2", "adam betas", "adagrad", "sgd"})
  void tableRowsMoveAsInTorch(String name) {
    int rows = FIXTURE.get("rows").asInt();
    int dimension = FIXTURE.get("dimension").asInt();
    UpdateRule rule = rule(name);
    EmbeddingTable table = new EmbeddingTable("t", rows, dimension, rule.stateSlots());
    table.write(0, 0, rows, floats(FIXTURE.get("start")));
    try (Workers workers = new Workers(2)) {
      EmbeddingUpdate tables = new EmbeddingUpdate(new EmbeddingTables(List.of(table)), workers);
      for (int step = 0; step < FIXTURE.get("ids").size(); step++) {
        Batch batch = batch(FIXTURE.get("ids").get(step));
        FloatBuffer gradient = FloatBuffer.wrap(floats(FIXTURE.get("gradients").get(step)));
        tables.run(batch, gradient, rule, step + 1, learningRate(name));
        float[] actual = new float[rows * dimension];
        table.read(0, 0, rows, actual);
        assertClose(actual, floats(FIXTURE.get("cases").get(name).get(step)), name, step);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adam", "adam l2", "adam betas", "adagrad l2", "sgd l2"})
  void denseElementsMoveAsInTorch(String name) {
    int rows = FIXTURE.get("rows").asInt();
    int dimension = FIXTURE.get("dimension").asInt();
    float[] w = floats(FIXTURE.get("start"));
    DenseOptimizer.Slot slot =
        new DenseOptimizer.Slot("w", FloatBuffer.wrap(w), true, 1, (from, to) -> {});
    try (Workers workers = new Workers(1)) {
      DenseOptimizer optimizer = new DenseOptimizer(List.of(slot), rule(name), null, workers);
      for (int step = 0; step < FIXTURE.get("ids").size(); step++) {
        FloatBuffer gradient = FloatBuffer.wrap(scattered(step, rows, dimension));
        optimizer.update(List.of(gradient), step + 1, learningRate(name));
        assertClose(w, floats(FIXTURE.get("cases").get(name).get(step)), name, step);
      }
    }
  }

  @Test
  void lazyAdamLeavesUntouchedRowsAlone() {
    float[] start = floats(FIXTURE.get("start"));
    float[] afterFirst = floats(FIXTURE.get("cases").get("lazy adam").get(0));
    float[] denseFirst = floats(FIXTURE.get("cases").get("adam l2").get(0));
    int row = 2 * FIXTURE.get("dimension").asInt();

    assertThat(afterFirst[row]).isEqualTo(start[row]);
    assertThat(denseFirst[row]).isNotEqualTo(start[row]);
  }

  private static UpdateRule rule(String name) {
    return switch (name) {
      case "lazy adam" -> new UpdateRule.Adam(0.9, 0.999, 1e-8, 0, true);
      case "adam" -> new UpdateRule.Adam(0.9, 0.999, 1e-8, 0, false);
      case "adam l2" -> new UpdateRule.Adam(0.9, 0.999, 1e-8, 0.01, false);
      case "adam betas" -> new UpdateRule.Adam(0.5, 0.9, 1e-6, 0, false);
      case "adagrad" -> new UpdateRule.Adagrad(1e-10, 0);
      case "adagrad l2" -> new UpdateRule.Adagrad(1e-8, 0.01);
      case "sgd" -> new UpdateRule.Sgd(0);
      case "sgd l2" -> new UpdateRule.Sgd(0.01);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static double learningRate(String name) {
    return name.startsWith("sgd") ? 0.1 : 0.01;
  }

  private static void assertClose(float[] actual, float[] expected, String name, int step) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .describedAs("%s, step %d, element %d", name, step, i)
          .isCloseTo(expected[i], within(1e-6f * Math.max(1, Math.abs(expected[i]))));
    }
  }

  private static float[] scattered(int step, int rows, int dimension) {
    float[] sum = new float[rows * dimension];
    float[] gradient = floats(FIXTURE.get("gradients").get(step));
    JsonNode ids = FIXTURE.get("ids").get(step);
    for (int i = 0; i < ids.size(); i++) {
      for (int d = 0; d < dimension; d++) {
        sum[ids.get(i).asInt() * dimension + d] += gradient[i * dimension + d];
      }
    }
    return sum;
  }

  private static Batch batch(JsonNode ids) {
    int[] values = new int[ids.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = ids.get(i).asInt();
    }
    Batch batch = new Batch(values.length, List.of(new Ids(values)));
    batch.size = values.length;
    return batch;
  }

  private static float[] floats(JsonNode node) {
    float[] values = new float[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) node.get(i).asDouble();
    }
    return values;
  }

  private static JsonNode fixture() {
    try (InputStream in =
        OptimizerParityTest.class.getResourceAsStream("/fixtures/optimizers.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
