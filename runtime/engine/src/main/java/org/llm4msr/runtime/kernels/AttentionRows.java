package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.engine.Mkl;

/**
 * Target attention over rows of a batch: each row's vectors e_j are added up, each times a weight
 * a(e_j, t), where a is a network over {@code [e_j, t, e_j - t, e_j * t]}. For one thread at a
 * time.
 *
 * <p>The first layer is (e_j, 1) M, where the matrix M (D + 1, H) is that of the row and linear in
 * its target: row d is {@code t_d Wp[d] + (We + Wd)[d]}, the last one {@code t (Wt - Wd) + b}.
 * Hidden layers are computed again on the way back, which is faster than to fetch them.
 */
public final class AttentionRows {

  private final AttentionSizes s;
  private final AttentionWeights weights;
  private final int width;
  private final int first;
  private final int last;

  /** {@code t_0, 1, t_1, 1...} of each row, (R, 2 D). */
  private final FloatMemory pairs;

  private final FloatMemory pairGradients;
  private final FloatMemory matrices;
  private final FloatMemory matrixGradients;

  /** The results of all layers but the last. */
  private final FloatMemory[] hidden;

  private final FloatMemory[] hiddenGradients;

  /** The gradient of the weights. */
  private final FloatMemory weightGradients;

  private final FloatMemory vectorGradients;

  /** The gradient of what is learned. */
  private final FloatMemory sums;

  private final float[] numbers;
  private final float[] others;

  /** Makes memory for chunks of rows. */
  public AttentionRows(AttentionSizes sizes, AttentionWeights weights) {
    s = sizes;
    this.weights = weights;
    width = s.width();
    first = s.first();
    last = s.last();
    int rows = s.rowsOfChunk();
    int vectors = rows * s.length();
    pairs = memory(rows * 2 * width);
    pairGradients = memory(rows * 2 * width);
    matrices = memory(rows * s.matrix());
    matrixGradients = memory(rows * s.matrix());
    IntFunction<FloatMemory> ofLayer = layer -> memory(vectors * s.layers().get(layer));
    hidden = IntStream.range(0, last).mapToObj(ofLayer).toArray(FloatMemory[]::new);
    hiddenGradients = IntStream.range(0, last).mapToObj(ofLayer).toArray(FloatMemory[]::new);
    weightGradients = memory(vectors);
    vectorGradients = memory(vectors * width);
    sums = memory(s.learned());
    numbers = new float[Math.max(Math.max(rows * 2 * width, s.length()), s.matrix())];
    others = new float[Math.max(width, s.length())];
  }

  private static FloatMemory memory(int numbers) {
    return FloatMemory.of(AlignedMemory.floats(numbers));
  }

  private static long at(FloatMemory memory, long number) {
    return memory.address() + number * Float.BYTES;
  }

  /** Work on the rows of a chunk. */
  private interface Chunk {
    void of(int from, int to);
  }

  private void chunks(int from, int to, Chunk chunk) {
    for (int row = from; row < to; row += s.rowsOfChunk()) {
      chunk.of(row, Math.min(to, row + s.rowsOfChunk()));
    }
  }

  /** Writes weights and sums of the rows that have vectors. */
  public void forward(AttentionBatch batch, int from, int to) {
    chunks(
        from,
        to,
        (start, end) -> {
          if (batch.start(end) > batch.start(start)) {
            layers(batch, start, end);
            weigh(batch, start, end);
            addUp(batch, start, end);
          }
        });
  }

  /** Computes the matrices of rows and all layers but the last. */
  private void layers(AttentionBatch batch, int from, int to) {
    matrices(batch, from, to);
    int vectors = batch.start(to) - batch.start(from);
    Mkl.Call call = new Mkl.Call(filled(batch, from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int at = batch.start(row) - batch.start(from);
      if (count > 0) {
        call.group(false, false, count, first, width + 1, width + 1, first, first, 0)
            .product(
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                at(matrices, (long) (row - from) * s.matrix()),
                last == 0
                    ? batch.weights().at(batch.start(row))
                    : at(hidden[0], (long) at * first));
      }
    }
    call.run();
    for (int layer = 0; layer < last; layer++) {
      if (layer > 0) {
        multiply(layer, vectors, hidden[layer].address());
      }
      epilogue(layer).forward(hidden[layer].numbers(), 0, vectors, biases(layer), at(layer));
    }
  }

  private Epilogue epilogue(int layer) {
    return new Epilogue(s.activation(), null, s.layers().get(layer));
  }

  /** Those of the first layer are in the matrices. */
  private @Nullable FloatBuffer biases(int layer) {
    return layer == 0 ? null : weights.memory().numbers();
  }

  private int at(int layer) {
    return layer == 0 ? 0 : s.biases(layer);
  }

  private static int filled(AttentionBatch batch, int from, int to) {
    int filled = 0;
    for (int row = from; row < to; row++) {
      filled += batch.count(row) > 0 ? 1 : 0;
    }
    return filled;
  }

  private void matrices(AttentionBatch batch, int from, int to) {
    int rows = to - from;
    for (int row = 0; row < rows; row++) {
      int at = (from + row) * batch.columns() + batch.target();
      batch.flat().numbers().get(at, others, 0, width);
      for (int d = 0; d < width; d++) {
        numbers[2 * (row * width + d)] = others[d];
        numbers[2 * (row * width + d) + 1] = 1;
      }
    }
    pairs.numbers().put(0, numbers, 0, rows * 2 * width);
    Mkl.Call call =
        new Mkl.Call(1, width).group(false, false, rows, first, 2, 2 * width, first, s.matrix(), 0);
    for (int d = 0; d < width; d++) {
      call.product(
          at(pairs, 2L * d), at(weights.memory(), 2L * d * first), at(matrices, (long) d * first));
    }
    call.run();
    call =
        new Mkl.Call(1, 1)
            .group(false, false, rows, first, 2 * width, 2 * width, first, s.matrix(), 0);
    call.product(
        pairs.address(),
        at(weights.memory(), 2L * width * first),
        at(matrices, (long) width * first));
    call.run();
  }

  /** Multiplies the results of the layer before. */
  private void multiply(int layer, int vectors, long to) {
    int in = s.layers().get(layer - 1);
    int out = s.layers().get(layer);
    Mkl.Call call = new Mkl.Call(1, 1).group(false, false, vectors, out, in, in, out, out, 0);
    call.product(hidden[layer - 1].address(), at(weights.memory(), s.weights(layer)), to);
    call.run();
  }

  /** Computes the last layer. */
  private void weigh(AttentionBatch batch, int from, int to) {
    int start = batch.start(from);
    int end = batch.start(to);
    if (last > 0) {
      multiply(last, end - start, batch.weights().at(start));
      new Epilogue(Activation.NONE, null, 1)
          .forward(batch.weights().numbers(), start, end, biases(last), at(last));
    }
    for (int row = from; s.softmax() && row < to; row++) {
      int count = batch.count(row);
      batch.weights().numbers().get(batch.start(row), numbers, 0, count);
      softmax(count);
      batch.weights().numbers().put(batch.start(row), numbers, 0, count);
    }
  }

  private void softmax(int count) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, numbers[i]);
    }
    float sum = 0;
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) Math.exp(numbers[i] - largest);
      sum += numbers[i];
    }
    for (int i = 0; i < count; i++) {
      numbers[i] /= sum;
    }
  }

  private void addUp(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(filled(batch, from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, false, 1, width, count, count, width + 1, batch.columns(), 0)
            .product(
                batch.weights().at(batch.start(row)),
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                batch.flat().at((long) row * batch.columns() + batch.pooled()));
      }
    }
    call.run();
  }

  /**
   * Computes gradients.
   *
   * @param dFlat the gradient of the flat input, to which that of the targets is added
   * @param ofVectors gets the gradients of the vectors, (N, D)
   * @param ofLearned zeros, get the gradient of what is learned over these rows
   */
  public void backward(
      AttentionBatch batch,
      FloatMemory dFlat,
      float[] ofVectors,
      float[] ofLearned,
      int from,
      int to) {
    sums.numbers().put(0, ofLearned);
    chunks(
        from,
        to,
        (start, end) -> {
          int vector = batch.start(start);
          int vectors = batch.start(end) - vector;
          if (vectors > 0) {
            layers(batch, start, end);
            if (last == 0) {
              weigh(batch, start, end); // The only layer has overwritten them.
            }
            toWeights(batch, dFlat, start, end);
            throughLayers(vectors);
            toVectors(batch, dFlat, start, end);
            toMatrices(batch, start, end);
            toTargets(batch, dFlat, start, end);
            toPairs(end - start);
            vectorGradients.numbers().get(0, ofVectors, vector * width, vectors * width);
          }
        });
    sums.numbers().get(0, ofLearned);
  }

  /** Computes the gradient of the last layer's results. */
  private void toWeights(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    Mkl.Call call = new Mkl.Call(filled(batch, from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, false, count, 1, width, width + 1, 1, 1, 0)
            .product(
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                at(dFlat, (long) row * batch.columns() + batch.pooled()),
                at(weightGradients, batch.start(row) - batch.start(from)));
      }
    }
    call.run();
    for (int row = from; s.softmax() && row < to; row++) {
      int count = batch.count(row);
      int at = batch.start(row) - batch.start(from);
      batch.weights().numbers().get(batch.start(row), numbers, 0, count);
      weightGradients.numbers().get(at, others, 0, count);
      float mean = 0;
      for (int i = 0; i < count; i++) {
        mean += numbers[i] * others[i];
      }
      for (int i = 0; i < count; i++) {
        others[i] = numbers[i] * (others[i] - mean);
      }
      weightGradients.numbers().put(at, others, 0, count);
    }
  }

  private FloatMemory gradient(int layer) {
    return layer == last ? weightGradients : hiddenGradients[layer];
  }

  /** Goes back to the products of the first layer. */
  private void throughLayers(int vectors) {
    for (int layer = last; layer > 0; layer--) {
      FloatMemory dy = gradient(layer);
      FloatMemory y = layer == last ? dy : hidden[layer]; // Nothing reads the last results.
      Epilogue epilogue = layer == last ? new Epilogue(Activation.NONE, null, 1) : epilogue(layer);
      add(epilogue.backwardAndSum(y, dy, 0, vectors), layer);
      int in = s.layers().get(layer - 1);
      int out = s.layers().get(layer);
      Mkl.Call call = new Mkl.Call(1, 1).group(true, false, in, out, vectors, in, out, out, 1);
      call.product(hidden[layer - 1].address(), dy.address(), at(sums, s.weights(layer)));
      call.run();
      call = new Mkl.Call(1, 1).group(false, true, vectors, in, out, out, out, in, 0);
      call.product(
          dy.address(),
          at(weights.memory(), s.weights(layer)),
          hiddenGradients[layer - 1].address());
      call.run();
    }
    if (last > 0) {
      epilogue(0).backward(hidden[0], hiddenGradients[0], 0, vectors);
    }
  }

  private void add(float[] ofBiases, int layer) {
    int at = s.biases(layer);
    for (int j = 0; j < s.layers().get(layer); j++) {
      sums.numbers().put(at + j, sums.numbers().get(at + j) + ofBiases[j]);
    }
  }

  private void toVectors(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    int filled = filled(batch, from, to);
    Mkl.Call ofSum = new Mkl.Call(filled, 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        ofSum
            .group(false, false, count, width, 1, 1, width, width, 0)
            .product(
                batch.weights().at(batch.start(row)),
                at(dFlat, (long) row * batch.columns() + batch.pooled()),
                at(vectorGradients, (long) (batch.start(row) - batch.start(from)) * width));
      }
    }
    ofSum.run();
    Mkl.Call ofLayers = new Mkl.Call(filled, 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int at = batch.start(row) - batch.start(from);
      if (count > 0) {
        ofLayers
            .group(false, true, count, width, first, first, first, width, 1)
            .product(
                at(gradient(0), (long) at * first),
                at(matrices, (long) (row - from) * s.matrix()),
                at(vectorGradients, (long) at * width));
      }
    }
    ofLayers.run();
  }

  private void toMatrices(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(filled(batch, from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int matrix = (row - from) * s.matrix();
      if (count == 0) {
        Arrays.fill(numbers, 0, s.matrix(), 0);
        matrixGradients.numbers().put(matrix, numbers, 0, s.matrix());
        continue;
      }
      call.group(true, false, width + 1, first, count, width + 1, first, first, 0)
          .product(
              batch.vectors().at((long) batch.start(row) * (width + 1)),
              at(gradient(0), (long) (batch.start(row) - batch.start(from)) * first),
              at(matrixGradients, matrix));
    }
    call.run();
  }

  private void toTargets(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    int rows = to - from;
    Mkl.Call call =
        new Mkl.Call(1, width).group(false, true, rows, 2, first, s.matrix(), first, 2 * width, 0);
    for (int d = 0; d < width; d++) {
      call.product(
          at(matrixGradients, (long) d * first),
          at(weights.memory(), 2L * d * first),
          at(pairGradients, 2L * d));
    }
    call.run();
    call =
        new Mkl.Call(1, 1)
            .group(false, true, rows, 2 * width, first, s.matrix(), first, 2 * width, 1);
    call.product(
        at(matrixGradients, (long) width * first),
        at(weights.memory(), 2L * width * first),
        pairGradients.address());
    call.run();
    pairGradients.numbers().get(0, numbers, 0, rows * 2 * width);
    for (int row = 0; row < rows; row++) {
      int at = (from + row) * batch.columns() + batch.target();
      dFlat.numbers().get(at, others, 0, width);
      for (int d = 0; d < width; d++) {
        others[d] += numbers[2 * (row * width + d)];
      }
      dFlat.numbers().put(at, others, 0, width);
    }
  }

  private void toPairs(int rows) {
    Mkl.Call call =
        new Mkl.Call(1, width).group(true, false, 2, first, rows, 2 * width, s.matrix(), first, 1);
    for (int d = 0; d < width; d++) {
      call.product(
          at(pairs, 2L * d), at(matrixGradients, (long) d * first), at(sums, 2L * d * first));
    }
    call.run();
    call =
        new Mkl.Call(1, 1)
            .group(true, false, 2 * width, first, rows, 2 * width, s.matrix(), first, 1);
    call.product(
        pairs.address(), at(matrixGradients, (long) width * first), at(sums, 2L * width * first));
    call.run();
  }
}
