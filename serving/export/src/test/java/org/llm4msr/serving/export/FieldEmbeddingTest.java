package org.llm4msr.serving.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;

/** Embedded fields, as ONNX Runtime computes them. */
class FieldEmbeddingTest {

  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @TempDir Path folder;

  private static PreparedField field(FieldKind kind, double mean, double deviation) {
    return new PreparedField("x", FieldRole.CONTEXT, kind, 3, mean, deviation);
  }

  private float[][] embed(PreparedField field, float[][] vectors, Object values) throws Exception {
    return embed(field, vectors, Map.of("x", values));
  }

  private float[][] embed(PreparedField field, float[][] vectors, Map<String, ?> inputs)
      throws Exception {
    EmbeddingTable table = new EmbeddingTable("x", vectors.length, vectors[0].length, 0);
    for (int row = 0; row < vectors.length; row++) {
      table.write(0, row, row + 1, vectors[row]);
    }
    DatasetManifest none = null; // Moments stand in a file.
    GraphAssembly graph = new GraphAssembly();
    FieldInputs.Pair input = FieldInputs.of(List.of(field)).get(0);
    FieldInputs.all(List.of(field)).forEach(each -> each.addTo(graph));
    FieldEmbedding embedding = new FieldEmbedding(graph, new PreparedIds(folder, none));
    String embedded = embedding.add(field, embedding.table(table), input);
    graph.output(embedded, "result", List.of(Axis.ROWS, Axis.of(vectors[0].length)));
    return (float[][]) Onnx.run(graph.model(), inputs);
  }

  @Test
  void aValueHasTheVectorOfItsIdAndUnknownOnesTheFirst() throws Exception {
    float[][] vectors = {{1, 2}, {3, 4}, {5, 6}};

    assertThat(embed(field(new FieldKind.Categorical(), 0, 0), vectors, new long[] {2, 0, -1}))
        .isDeepEqualTo(new float[][] {{5, 6}, {1, 2}, {1, 2}});
  }

  @Test
  void aListHasTheMeanOfItsVectorsAndZerosWhereItIsEmpty() throws Exception {
    float[][] vectors = {{1, 2}, {3, 4}, {5, 8}};
    PreparedField field = field(new FieldKind.MultiCategorical(), 0, 0);

    assertThat(embed(field, vectors, new long[][] {{1, 2, -1}, {0, -1, -1}, {-1, -1, -1}}))
        .isDeepEqualTo(new float[][] {{4, 6}, {1, 2}, {0, 0}});
  }

  @Test
  void weightsDecideOnTheMeanOfAList() throws Exception {
    float[][] vectors = {{1, 2}, {3, 4}, {5, 8}};
    PreparedField field =
        new PreparedField(
            "x", FieldRole.CONTEXT, new FieldKind.MultiCategorical(), 3, 0, 0, null, true);
    long[][] ids = {{1, 2, -1}, {0, -1, -1}, {-1, -1, -1}};
    float[][] weights = {{0.5f, 1.5f, 7}, {4, 0, 0}, {0, 0, 0}};

    assertThat(embed(field, vectors, Map.of("x", ids, "x.weights", weights)))
        .isDeepEqualTo(new float[][] {{4.5f, 7}, {1, 2}, {0, 0}});
  }

  @Test
  void aNumberIsStandardisedInFloat64AndTimesItsVector() throws Exception {
    float[][] vectors = {{2, -1}};
    // float32 does not have the difference of these numbers.
    double[] numbers = {1e12 + 1, 1e12 - 2, NAN, INFINITY, -INFINITY};

    assertThat(embed(field(new FieldKind.Numeric(), 1e12, 2), vectors, numbers))
        .isDeepEqualTo(new float[][] {{1, -0.5f}, {-2, 1}, {0, 0}, {0, 0}, {0, 0}});
    assertThat(embed(field(new FieldKind.Numeric(), 0, 1e-9), vectors, new double[] {1e300}))
        .isDeepEqualTo(new float[][] {{2e30f, -1e30f}});
    assertThat(embed(field(new FieldKind.Numeric(), 3, 0), vectors, new double[] {3, 9}))
        .isDeepEqualTo(new float[][] {{0, 0}, {0, 0}});
  }

  @Test
  void aVectorIsTheSumOfItsStandardisedNumbersTimesTheirVectors() throws Exception {
    Files.createDirectories(folder.resolve("vocabulary"));
    Files.writeString(
        folder.resolve("vocabulary/x.json"),
        """
        {"mean": [1, 10, 5], "deviation": [2, 5, 0]}
        """);
    float[][] vectors = {{1, 0}, {0, 1}, {7, 7}};
    double[][] numbers = {{3, 5, 9}, {NAN, 20, 5}, {NAN, NAN, NAN}};

    assertThat(embed(field(new FieldKind.Vector(3), 0, 0), vectors, numbers))
        .isDeepEqualTo(new float[][] {{1, -1}, {0, 2}, {0, 0}});
  }
}
