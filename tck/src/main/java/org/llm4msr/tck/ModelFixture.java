package org.llm4msr.tck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.assertj.core.data.Offset;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestPass;

/**
 * A batch, parameters, and their logits and gradients from an independent float64 implementation;
 * see {@code make_model_fixtures.py} and {@code make_backbone_fixtures.py}.
 */
public final class ModelFixture {

  /** Relative to the largest element of the compared array. */
  private static final float RELATIVE = 1e-5f;

  private final JsonNode json;

  private ModelFixture(JsonNode json) {
    this.json = json;
  }

  /** Reads {@code name.json} next to a class. */
  public static ModelFixture read(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name + ".json")) {
      return new ModelFixture(new ObjectMapper().readTree(Objects.requireNonNull(in, name)));
    } catch (IOException e) {
      throw new IllegalStateException("fixture " + name + " cannot be read", e);
    }
  }

  /** Returns the shape of the data, which the model gets. */
  public ModelShape shape() {
    int width = json.get("fieldWidth").asInt();
    List<Field> fields = new ArrayList<>();
    for (int offset = 0; offset < json.get("flat").get(0).size(); offset += width) {
      fields.add(
          new Field("f" + offset, FieldRole.ITEM, new FieldKind.Categorical(), offset, width));
    }
    List<Scenario> scenarios = new ArrayList<>();
    for (int rank = 0; rank < json.get("scenarios").asInt(); rank++) {
      long trainingRows = json.path("trainingRows").path(rank).asLong(100);
      scenarios.add(new Scenario(rank, "s" + rank, trainingRows));
    }
    return new ModelShape(new FeatureLayout(fields), scenarios, scenarioTable()[0].length);
  }

  /** Returns K. */
  public int knowledgeSize() {
    return json.get("userKnowledge").get(0).size();
  }

  /** Returns the batch. */
  public TestBatch batch() {
    return new TestBatch(
        ints(json.get("scenario")),
        ints(json.get("user")),
        new int[json.get("user").size()], // The reference implementations have no items.
        matrix(json.get("flat")),
        scenarioTable(),
        matrix(json.get("userKnowledge")),
        matrix(json.get("scenarioKnowledge")),
        new float[1][knowledgeSize()],
        new float[json.get("user").size()][1],
        new float[0][0]);
  }

  /** Some fixtures have no table, as their models do not read it. */
  private float[][] scenarioTable() {
    JsonNode table = json.path("scenarioTable");
    return table.isMissingNode() ? new float[json.get("scenarios").asInt()][1] : matrix(table);
  }

  /**
   * As {@link #assertMatches(ModelHarness.Parts)}, for a backbone without a head; also compares its
   * hidden units in the training pass.
   */
  public void assertMatches(Function<ModelContext, Backbone> backbone) {
    List<float[]> hidden = new ArrayList<>();
    assertMatches(
        ModelHarness.of(shape(), backbone)
            .head(
                0,
                context -> {
                  Backbone alone = context.backbone(context.model().layout());
                  return (pass, features) -> {
                    BackboneOutput output = alone.forward(pass, features);
                    hidden.add(Objects.requireNonNull(output.hidden(), "hidden").toFloatArray());
                    return output.logit();
                  };
                }));
    compare("hidden", hidden.get(0), json.get("hidden"));
  }

  /**
   * Creates the model with the parameters of the fixture and compares one training pass and one
   * inference after it: logits, every gradient, running statistics.
   */
  public void assertMatches(ModelHarness.Parts parts) {
    try (ModelHarness model = parts.create()) {
      load(model);
      TestPass pass = model.train(batch(), floats(json.get("factor")));
      compare("logits", pass.logits(), json.get("logits"));
      assertThat(pass.gradients().keySet())
          .as("parameters")
          .containsExactlyInAnyOrderElementsOf(names(json.get("gradients")));
      pass.gradients()
          .forEach((name, found) -> compare("gradient of " + name, found, at("gradients", name)));
      compare("gradient of the input", pass.inputGradient(), json.get("inputGradient"));
      model
          .store()
          .bufferValues()
          .forEach((name, found) -> compare(name, found, at("buffersAfter", name)));
      compare("logits in inference", model.infer(batch()), json.get("inferenceAfter"));
    }
  }

  private void load(ModelHarness model) {
    Map<String, float[]> values = new HashMap<>();
    for (String name : names(json.get("parameters"))) {
      values.put(name, floats(at("parameters", name)));
    }
    model
        .store()
        .bufferValues()
        .forEach(
            (name, found) -> {
              JsonNode before = json.path("buffersBefore").path(name);
              values.put(name, before.isMissingNode() ? found : floats(before));
            });
    model.store().restore(new ParameterSnapshot(values));
  }

  private JsonNode at(String group, String name) {
    return Objects.requireNonNull(json.get(group).get(name), name);
  }

  private static void compare(String description, float[] found, JsonNode expected) {
    float[] wanted = floats(expected);
    float largest = 1;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(found).as(description).containsExactly(wanted, Offset.offset(largest * RELATIVE));
  }

  private static List<String> names(JsonNode object) {
    return object.propertyStream().map(Map.Entry::getKey).toList();
  }

  private static float[][] matrix(JsonNode rows) {
    return StreamSupport.stream(rows.spliterator(), false)
        .map(ModelFixture::floats)
        .toArray(float[][]::new);
  }

  private static float[] floats(JsonNode row) {
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) row.get(i).asDouble();
    }
    return values;
  }

  private static int[] ints(JsonNode row) {
    return StreamSupport.stream(row.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }
}
