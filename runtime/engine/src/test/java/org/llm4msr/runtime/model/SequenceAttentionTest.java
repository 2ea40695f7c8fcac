package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.kernels.AttentionSizes;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.SequenceLists;
import org.llm4msr.runtime.tables.Workers;

/** Sums and gradients against the definition in double precision, and its differences. */
class SequenceAttentionTest extends ProductsTest {

  private static final int ITEMS = 30;
  private static final int TARGET = 2;
  private static final double STEP = 1e-6;
  private static final int DIFFERENCES = 20;

  /** A batch; some rows have no vectors, some all L. */
  private final class Example {
    final AttentionSizes sizes;
    final int rows;
    final int columns;
    final int pooled;
    final int[][] ids;
    final double[] table;
    final double[] flat;
    final double[] factors;
    final List<double[]> weights = new ArrayList<>();
    final List<double[]> biases = new ArrayList<>();

    Example(AttentionSizes sizes, int rows) {
      this.sizes = sizes;
      this.rows = rows;
      int width = sizes.width();
      pooled = TARGET + width + 1;
      columns = pooled + width + 1;
      ids = new int[rows][];
      for (int row = 0; row < rows; row++) {
        int count = row < 2 ? row * sizes.length() : random.nextInt(sizes.length() + 1);
        ids[row] = random.ints(count, 0, ITEMS).toArray();
      }
      table = drawn(ITEMS * width, 1);
      flat = drawn(rows * columns, 1);
      factors = drawn(rows * columns, 1);
      int in = 4 * width;
      for (int out : sizes.layers()) {
        weights.add(drawn(in * out, 1 / Math.sqrt(in)));
        biases.add(drawn(out, 1));
        in = out;
      }
    }

    private double[] drawn(int count, double deviation) {
      double[] values = new double[count];
      Arrays.setAll(values, i -> (float) (deviation * random.nextGaussian()));
      return values;
    }

    /** Returns the sum of the vectors of a row, by definition. */
    double[] pooled(int row) {
      int width = sizes.width();
      double[] a = new double[ids[row].length];
      for (int j = 0; j < a.length; j++) {
        double[] x = new double[4 * width];
        for (int d = 0; d < width; d++) {
          double e = table[ids[row][j] * width + d];
          double t = flat[row * columns + TARGET + d];
          x[d] = e;
          x[width + d] = t;
          x[2 * width + d] = e - t;
          x[3 * width + d] = e * t;
        }
        a[j] = network(x);
      }
      if (sizes.softmax()) {
        double sum = Arrays.stream(a).map(Math::exp).sum();
        a = Arrays.stream(a).map(value -> Math.exp(value) / sum).toArray();
      }
      double[] result = new double[width];
      for (int j = 0; j < a.length; j++) {
        for (int d = 0; d < width; d++) {
          result[d] += a[j] * table[ids[row][j] * width + d];
        }
      }
      return result;
    }

    private double network(double[] x) {
      double[] h = x;
      for (int layer = 0; layer < weights.size(); layer++) {
        double[] y = biases.get(layer).clone();
        for (int i = 0; i < h.length; i++) {
          for (int k = 0; k < y.length; k++) {
            y[k] += h[i] * weights.get(layer)[i * y.length + k];
          }
        }
        boolean last = layer == weights.size() - 1;
        h = last ? y : Arrays.stream(y).map(v -> activated(sizes.activation(), v)).toArray();
      }
      return h[0];
    }

    double loss() {
      double loss = 0;
      for (int row = 0; row < rows; row++) {
        double[] sum = pooled(row);
        for (int i = 0; i < columns; i++) {
          boolean isSum = i >= pooled && i < pooled + sum.length;
          double value = isSum ? sum[i - pooled] : flat[row * columns + i];
          loss += factors[row * columns + i] * value;
        }
      }
      return loss;
    }

    double derivative(double[] of, int at) {
      double before = of[at];
      of[at] = before + STEP;
      double above = loss();
      of[at] = before - STEP;
      double below = loss();
      of[at] = before;
      return (above - below) / (2 * STEP);
    }
  }

  private static double activated(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> Math.max(x, 0);
      case LEAKY_RELU -> x > 0 ? x : 0.01 * x;
      case TANH, SIGMOID -> throw new IllegalArgumentException(activation.name());
    };
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** What a pass gives. */
  private record Result(
      float[] flat,
      float[] dFlat,
      float[] dVectors,
      List<float[]> dWeights,
      List<float[]> dBiases) {}

  private Result run(Example example, int threads, String name) {
    int width = example.sizes.width();
    EmbeddingTable table = new EmbeddingTable("item", ITEMS, width, 0);
    table.write(0, 0, ITEMS, floats(example.table));
    SequenceLists lists = new SequenceLists(example.rows);
    for (int row = 0; row < example.rows; row++) {
      lists.set(row, example.ids[row], example.ids[row].length);
    }
    List<ParameterArray> weights = new ArrayList<>();
    List<ParameterArray> biases = new ArrayList<>();
    List<SequenceAttention.Layer> layers = new ArrayList<>();
    for (int i = 0; i < example.weights.size(); i++) {
      int out = example.sizes.layers().get(i);
      int in = example.weights.get(i).length / out;
      weights.add(parameter(name + "w" + i, floats(example.weights.get(i)), in, out));
      biases.add(parameter(name + "b" + i, floats(example.biases.get(i)), out));
      layers.add(new SequenceAttention.Layer(weights.get(i), biases.get(i)));
    }
    Shape shape = new Shape(example.rows, example.columns);
    ByteBuffer memory = AlignedMemory.floats(shape.size());
    memory.asFloatBuffer().put(floats(example.flat));
    for (int row = 0; row < example.rows; row++) {
      memory
          .asFloatBuffer()
          .put(row * example.columns + example.pooled, new float[width], 0, width);
    }
    try (Workers own = new Workers(threads);
        GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      Tape tape = Tape.of(manager, own, Precision.FLOAT32, true);
      SequenceAttention attention =
          new SequenceAttention(
              table,
              example.sizes,
              layers,
              TARGET,
              example.pooled,
              own,
              count -> AlignedMemory.floats(count).asFloatBuffer());
      attention.forward(tape, example.rows, lists, memory.asFloatBuffer(), example.columns);
      NDArray flat = manager.create(memory, shape, DataType.FLOAT32);
      flat.setRequiresGradient(true);
      tape.begin(flat);
      NDArray result = SequenceAttention.record(tape, flat, List.of(attention));
      NDArray factors = manager.create(floats(example.factors), shape);
      float[] ofVectors = new float[lists.offsets[example.rows] * example.sizes.width()];
      tape.backward(collector, result.mul(factors).sum());
      lists.pooled.gradients().get(0, ofVectors);
      return new Result(
          result.toFloatArray(),
          tape.gradient(flat).toFloatArray(),
          ofVectors,
          weights.stream().map(ProductsTest::gradient).toList(),
          biases.stream().map(ProductsTest::gradient).toList());
    }
  }

  /** Compares some gradients with differences. */
  private static void assertDerivatives(Example example, double[] of, float[] gradient) {
    Random drawn = new Random(3);
    for (int k = 0; k < Math.min(of.length, DIFFERENCES); k++) {
      int at = of.length <= DIFFERENCES ? k : drawn.nextInt(of.length);
      double expected = example.derivative(of, at);
      assertThat((double) gradient[at])
          .isCloseTo(expected, within(1e-4 * (1 + Math.abs(expected))));
    }
  }

  /** What lies in the place of sums moves nothing. */
  private static float[] withoutSums(Example example, float[] dFlat) {
    float[] gradient = dFlat.clone();
    for (int row = 0; row < example.rows; row++) {
      int at = row * example.columns + example.pooled;
      Arrays.fill(gradient, at, at + example.sizes.width(), 0);
    }
    return gradient;
  }

  /** Adds the gradients of vectors up by their ids. */
  private static float[] merged(Example example, float[] ofVectors) {
    int width = example.sizes.width();
    double[] sums = new double[example.table.length];
    int vector = 0;
    for (int[] ids : example.ids) {
      for (int id : ids) {
        for (int d = 0; d < width; d++) {
          sums[id * width + d] += ofVectors[vector * width + d];
        }
        vector++;
      }
    }
    return floats(sums);
  }

  @ParameterizedTest
  @CsvSource({
    "3, 7, 11, '', LEAKY_RELU, false",
    "3, 7, 11, '', NONE, true",
    "4, 6, 9, '5', LEAKY_RELU, false",
    "5, 4, 12, '6 3', RELU, true",
    "3, 5, 10, '4 5', LEAKY_RELU, false",
    "4, 6, 9, '7', RELU, false",
    "1, 3, 8, '2', NONE, true",
    "16, 50, 120, '36', LEAKY_RELU, false",
    "8, 1000, 5, '4', LEAKY_RELU, true",
    "20, 13, 30, '19', LEAKY_RELU, false",
    "8, 9, 20, '8', RELU, true"
  })
  void followsTheDefinition(
      int width, int length, int rows, String hidden, Activation activation, boolean softmax) {
    List<Integer> layers = new ArrayList<>();
    for (String layer : hidden.isEmpty() ? new String[0] : hidden.split(" ", -1)) {
      layers.add(Integer.valueOf(layer));
    }
    layers.add(1);
    Example example =
        new Example(new AttentionSizes(width, length, layers, activation, softmax), rows);

    Result result = run(example, 2, "");

    for (int row = 0; row < rows; row++) {
      double[] expected = example.pooled(row);
      int at = row * example.columns + example.pooled;
      for (int d = 0; d < width; d++) {
        assertThat((double) result.flat[at + d])
            .isCloseTo(expected[d], within(1e-4 * (1 + Math.abs(expected[d]))));
      }
    }
    for (int layer = 0; layer < layers.size(); layer++) {
      assertDerivatives(example, example.weights.get(layer), result.dWeights.get(layer));
      assertDerivatives(example, example.biases.get(layer), result.dBiases.get(layer));
    }
    assertDerivatives(example, example.flat, withoutSums(example, result.dFlat));
    assertDerivatives(example, example.table, merged(example, result.dVectors));
    Result others = run(example, 3, "other.");
    assertThat(others.flat).containsExactly(result.flat);
    assertThat(others.dFlat).containsExactly(result.dFlat);
    assertThat(others.dWeights.get(0)).containsExactly(result.dWeights.get(0));
  }
}
