package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.TestEngine;

@Tag("engine")
class VectorProjectionTest {

  /** (.5, -1, 2) by rows (0, 1), (10, 11), (20, 21) is (30, 31.5); zeros give zeros. */
  @Test
  void projectsAndUpdatesAsWorkedByHand() {
    EmbeddingTable ids = new EmbeddingTable("ids", 2, 2, 0);
    EmbeddingTable vectors = new EmbeddingTable("vectors", 3, 2, 0);
    vectors.write(0, 0, 3, new float[] {0, 1, 10, 11, 20, 21});
    Vectors values = new Vectors(3, new float[] {.5f, -1, 2, 0, 0, 0});
    Batch batch = new Batch(2, List.of(new Ids(new int[] {1, 0}), values));
    batch.size = 2;
    FloatBuffer flat = buffer(2 * 4);
    FloatBuffer gradient = buffer(2 * 4);
    for (int i = 0; i < 8; i++) {
      gradient.put(i, i);
    }
    try (Workers workers = new Workers(2)) {
      EmbeddingTables tables = new EmbeddingTables(List.of(ids, vectors));
      new EmbeddingGather(tables, workers).gather(batch, flat);
      new EmbeddingUpdate(tables, workers).run(batch, gradient, new UpdateRule.Sgd(0), 1, 1);
    }

    float[] rows = new float[8];
    flat.get(0, rows);
    assertThat(rows).containsExactly(0, 0, 30, 31.5f, 0, 0, 0, 0);
    // The gradient of row k is value k times (2, 3), that of row 0's columns.
    float[] trained = new float[6];
    vectors.read(0, 0, 3, trained);
    assertThat(trained).containsExactly(0 - 1, 1 - 1.5f, 10 + 2, 11 + 3, 20 - 4, 21 - 6);
  }

  /** Rows of several chunks, and a last one that is not full. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, false", "5, 3, 700, false", "384, 16, 513, false",
    "1, 1, 1, true", "5, 3, 700, true", "384, 16, 513, true"
  })
  void isTheProduct(int size, int dimension, int rows, boolean mkl) {
    try (TensorEngine engine = TestEngine.open();
        NDManager manager = engine.engine().newBaseManager(engine.device())) {
      assumeTrue(!mkl || Mkl.serves(manager));
      Product one = new Product(size, dimension, rows, mkl, 1);
      Product three = new Product(size, dimension, rows, mkl, 3);

      one.assertRight();
      assertThat(three.projected).containsExactly(one.projected);
      assertThat(three.gradient).containsExactly(one.gradient);
    }
  }

  /** A projection in columns 2 to D + 1 of D + 3, and its gradient. */
  private static final class Product {
    private final int size;
    private final int dimension;
    private final int rows;
    private final int width;
    private final float[] table;
    private final float[] values;
    private final float[] upstream;
    private final float[] projected;
    private final float[] gradient;

    Product(int size, int dimension, int rows, boolean mkl, int threads) {
      this.size = size;
      this.dimension = dimension;
      this.rows = rows;
      width = dimension + 3;
      Random random = new Random(3);
      table = floats(random, size * dimension);
      values = floats(random, rows * size);
      upstream = floats(random, rows * width);
      projected = new float[rows * width];
      EmbeddingTable matrix = new EmbeddingTable("matrix", size, dimension, 2);
      matrix.write(0, 0, size, table);
      Vectors vectors = new Vectors(size, values);
      FloatBuffer target = buffer(rows * width);
      try (Workers workers = new Workers(threads)) {
        VectorProjection projection = new VectorProjection(matrix, mkl, workers);
        projection.project(vectors, rows, target, 2, width);
        gradient = projection.gradient(vectors, rows, upstream, 2, width);
      }
      target.get(0, projected);
    }

    void assertRight() {
      double rounding = 1e-4 * Math.sqrt(Math.max(size, rows));
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < width; column++) {
          int d = column - 2;
          double sum = 0;
          for (int k = 0; d >= 0 && d < dimension && k < size; k++) {
            sum += (double) values[row * size + k] * table[k * dimension + d];
          }
          assertThat((double) projected[row * width + column]).isCloseTo(sum, within(rounding));
        }
      }
      for (int k = 0; k < size; k++) {
        for (int d = 0; d < dimension; d++) {
          double sum = 0;
          for (int row = 0; row < rows; row++) {
            sum += (double) values[row * size + k] * upstream[row * width + d + 2];
          }
          assertThat((double) gradient[k * dimension + d]).isCloseTo(sum, within(rounding));
        }
      }
    }

    private static float[] floats(Random random, int count) {
      float[] floats = new float[count];
      for (int i = 0; i < count; i++) {
        floats[i] = (float) random.nextGaussian();
      }
      return floats;
    }
  }

  private static FloatBuffer buffer(int floats) {
    return ByteBuffer.allocateDirect(floats * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }
}
