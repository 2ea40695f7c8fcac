package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.AttentionBatch.Floats;

/**
 * Target attention of any layers, by MKL.
 *
 * <p>The first layer is (e_j, 1) M, where the matrix M (D + 1, H) is that of the row and linear in
 * its target: row d is {@code t_d Wp[d] + (We + Wd)[d]}, the last one {@code t (Wt - Wd) + b}.
 * Hidden layers are computed again on the way back, which is faster than to fetch them.
 */
final class AttentionRows implements AttentionKernel {

  private final AttentionSizes s;
  private final AttentionWeights weights;
  private final int width;
  private final int first;
  private final int last;

  private final TargetMatrices ofTargets;

  private final FloatMemory matrices;
  private final FloatMemory matrixGradients;

  /** The results of all layers but the last. */
  private final FloatMemory[] hidden;

  private final FloatMemory[] hiddenGradients;

  /** The gradient of the weights. */
  private final FloatMemory weightGradients;

  /** The gradient of what is learned. */
  private final FloatMemory sums;

  private final float[] numbers;
  private final float[] others;

  /** Makes memory for chunks of rows. */
  AttentionRows(AttentionSizes sizes, AttentionWeights weights) {
    s = sizes;
    this.weights = weights;
    width = s.width();
    first = s.first();
    last = s.last();
    int rows = s.rowsOfChunk();
    int vectors = rows * s.length();
    ofTargets = new TargetMatrices(s, rows);
    matrices = memory(rows * s.matrix());
    matrixGradients = memory(rows * s.matrix());
    IntFunction<FloatMemory> ofLayer = layer -> memory(vectors * s.layers().get(layer));
    hidden = IntStream.range(0, last).mapToObj(ofLayer).toArray(FloatMemory[]::new);
    hiddenGradients = IntStream.range(0, last).mapToObj(ofLayer).toArray(FloatMemory[]::new);
    weightGradients = memory(vectors);
    sums = memory(s.learned());
    numbers = new float[Math.max(s.length(), s.matrix())];
    others = new float[s.length()];
  }

  private static FloatMemory memory(int numbers) {
    return FloatMemory.of(AlignedMemory.floats(numbers));
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

  @Override
  public int stride() {
    return width + 1;
  }

  @Override
  public float filler() {
    return 1;
  }

  @Override
  public int signs() {
    return 0;
  }

  @Override
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
    ofTargets.take(batch, from, to);
    ofTargets.write(to - from, weights.memory(), matrices);
    int vectors = batch.start(to) - batch.start(from);
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int at = batch.start(row) - batch.start(from);
      if (count > 0) {
        call.group(false, false, count, first, width + 1, width + 1, first, first, 0)
            .product(
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                matrices.at((long) (row - from) * s.matrix()),
                last == 0 ? batch.weights().at(batch.start(row)) : hidden[0].at((long) at * first));
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

  /** Multiplies the results of the layer before. */
  private void multiply(int layer, int vectors, long to) {
    int in = s.layers().get(layer - 1);
    int out = s.layers().get(layer);
    Mkl.Call call = new Mkl.Call(1, 1).group(false, false, vectors, out, in, in, out, out, 0);
    call.product(hidden[layer - 1].address(), weights.memory().at(s.weights(layer)), to);
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
    if (s.softmax()) {
      batch.softmax(from, to);
    }
  }

  private void addUp(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
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

  @Override
  public void backward(
      AttentionBatch batch,
      FloatMemory dFlat,
      Floats ofVectors,
      float[] ofLearned,
      int from,
      int to) {
    sums.numbers().put(0, ofLearned);
    chunks(from, to, (start, end) -> throughLayers(batch, dFlat, ofVectors, start, end));
    sums.numbers().get(0, ofLearned);
  }

  private void throughLayers(
      AttentionBatch batch, FloatMemory dFlat, Floats ofVectors, int from, int to) {
    int vectors = batch.start(to) - batch.start(from);
    if (vectors == 0) {
      return;
    }
    layers(batch, from, to);
    if (last == 0) {
      weigh(batch, from, to); // The only layer has overwritten them.
    }
    toWeights(batch, dFlat, from, to);
    throughLayers(vectors);
    toVectors(batch, dFlat, ofVectors, from, to);
    toMatrices(batch, from, to);
    ofTargets.toTargets(batch, weights.memory(), matrixGradients, dFlat, from, to);
    ofTargets.toWeights(to - from, matrixGradients, sums);
  }

  /** Computes the gradient of the last layer's results. */
  private void toWeights(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, true, 1, count, width, width, width + 1, count, 0)
            .product(
                dFlat.at((long) row * batch.columns() + batch.pooled()),
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                weightGradients.at(batch.start(row) - batch.start(from)));
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
      call.product(hidden[layer - 1].address(), dy.address(), sums.at(s.weights(layer)));
      call.run();
      call = new Mkl.Call(1, 1).group(false, true, vectors, in, out, out, out, in, 0);
      call.product(
          dy.address(),
          weights.memory().at(s.weights(layer)),
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

  private void toVectors(
      AttentionBatch batch, FloatMemory dFlat, Floats ofVectors, int from, int to) {
    int filled = batch.filled(from, to);
    Mkl.Call ofSum = new Mkl.Call(filled, 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        ofSum
            .group(false, false, count, width, 1, 1, width, width, 0)
            .product(
                batch.weights().at(batch.start(row)),
                dFlat.at((long) row * batch.columns() + batch.pooled()),
                ofVectors.at((long) batch.start(row) * width));
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
                gradient(0).at((long) at * first),
                matrices.at((long) (row - from) * s.matrix()),
                ofVectors.at((long) batch.start(row) * width));
      }
    }
    ofLayers.run();
  }

  private void toMatrices(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
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
              gradient(0).at((long) (batch.start(row) - batch.start(from)) * first),
              matrixGradients.at(matrix));
    }
    call.run();
  }
}
