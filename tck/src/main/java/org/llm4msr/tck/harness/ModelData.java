package org.llm4msr.tck.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.model.ModelShape;

/** The data on which models are tested: five fields of all roles, four scenarios, nine users. */
public final class ModelData {

  public static final int SCENARIOS = 4;
  public static final int KNOWLEDGE = 8;

  /** Fields of the same width. */
  public static final ModelShape EVEN = shape(SCENARIOS, 4, 4, 4, 4, 4);

  /** The same total width, with fields of different widths. */
  public static final ModelShape UNEVEN = shape(SCENARIOS, 6, 4, 3, 2, 5);

  public static final ModelShape ONE_SCENARIO = shape(1, 4, 4, 4, 4, 4);

  private static final int ROWS = 48;
  private static final int USERS = 9;
  private static final int EMBEDDING = 5;

  private ModelData() {}

  static ModelShape shape(int scenarios, int... widths) {
    List<Field> fields = new ArrayList<>();
    int offset = 0;
    FieldRole[] roles = FieldRole.values();
    for (int i = 0; i < roles.length; i++) {
      String name = roles[i].name().toLowerCase(Locale.ROOT);
      fields.add(new Field(name, roles[i], new FieldKind.Categorical(), offset, widths[i]));
      offset += widths[i];
    }
    List<Scenario> all = new ArrayList<>();
    for (int rank = 0; rank < scenarios; rank++) {
      all.add(new Scenario(rank, "s" + rank, 1000L / (rank + 1)));
    }
    return new ModelShape(new FeatureLayout(fields), all, EMBEDDING);
  }

  /** Returns the usual batch: at least two rows of every scenario, several users with many rows. */
  public static TestBatch batch(ModelShape shape) {
    return batch(shape, ROWS, USERS);
  }

  public static TestBatch batch(ModelShape shape, int rows, int users) {
    return TestBatch.random(
        TestSeed.value(),
        rows,
        shape.layout().width(),
        shape.scenarios().size(),
        users,
        KNOWLEDGE,
        shape.scenarioEmbeddingSize());
  }

  /** Returns a factor for every row, none of them zero, of both signs. */
  public static float[] factors(TestBatch batch) {
    float[] factors = new float[batch.rows()];
    for (int row = 0; row < factors.length; row++) {
      factors[row] = (1 + row % 3) * (row % 2 == 0 ? 1f : -0.5f);
    }
    return factors;
  }
}
