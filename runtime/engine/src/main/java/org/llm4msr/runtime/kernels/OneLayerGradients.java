package org.llm4msr.runtime.kernels;

import java.util.Arrays;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.engine.Mkl;

/**
 * Gradients of target attention with one hidden layer: a weight is a = v f(z) + c with z = (e, 1) M
 * as in {@link AttentionRows}. As f is linear on either side of 0, its slope is all that is read of
 * z. With g the gradient of a and P = g f'(z), the gradient of M is (e, 1)' P diag(v), and that of e
 * is P (M diag(v))', to which the row's sum adds a times its own gradient. So M's gradients are kept
 * without diag(v), and what reads them reads weights times v. As z is linear in the weights W of the
 * first layer, v's gradient is the sum over W times the gradient of W without diag(v). For one
 * thread at a time.
 */
final class OneLayerGradients {

  /** Rows of results begin at multiples of so many numbers. */
  private static final int ALIGNMENT = 4;

  /** How many numbers are processed at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 11;

  /** Makes numbers of at least 1 of those that are positive and not too small to be normal. */
  private static final float LARGE = 0x1p127f;

  private final AttentionSizes s;
  private final AttentionWeights weights;
  private final int width;
  private final int first;

  /** Columns of a matrix: H, the gradient of the row's sum, and what aligns the next row. */
  private final int stride;

  private final float leak;
  private final TargetMatrices ofTargets;
  private final FloatMemory matrices;

  /** The matrices times v. */
  private final FloatMemory scaled;

  /** Without diag(v). */
  private final FloatMemory matrixGradients;

  /** z, then g before the softmax. */
  private final FloatMemory results;

  /** P, then a. */
  private final FloatMemory factors;

  private final FloatMemory weightGradients;
  private final FloatMemory ones;
  private final float[] sumGradient;
  private final float[] ofRow;
  private final float[] gradients;

  OneLayerGradients(AttentionSizes sizes, AttentionWeights weights) {
    s = sizes;
    this.weights = weights;
    width = s.width();
    first = s.first();
    stride = (first + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    leak = Epilogue.leak(s.activation());
    ofTargets = new TargetMatrices(s, stride);
    int vectors = s.rowsOfChunk() * s.length();
    matrices = memory(s.rowsOfChunk() * ofTargets.size());
    scaled = memory(s.rowsOfChunk() * ofTargets.size());
    matrixGradients = memory(s.rowsOfChunk() * ofTargets.size());
    results = memory(vectors * stride);
    factors = memory(vectors * stride);
    weightGradients = memory(vectors);
    ones = memory(first);
    float[] one = new float[first];
    Arrays.fill(one, 1);
    ones.numbers().put(0, one);
    sumGradient = new float[width];
    ofRow = new float[Math.max(s.length(), ofTargets.size())];
    gradients = new float[vectors];
  }

  private static FloatMemory memory(int numbers) {
    return FloatMemory.of(AlignedMemory.floats(numbers));
  }

  /**
   * Computes the gradients of a chunk of rows that has vectors.
   *
   * @param dFlat the gradient of the flat input, to which that of the targets is added
   * @param sums to which the gradients of the first layer's weights without diag(v), and of c, are
   *     added
   * @param ofVectors gets the gradients of the vectors, (N, D)
   */
  void run(
      AttentionBatch batch,
      FloatMemory dFlat,
      FloatMemory sums,
      FloatMemory ofVectors,
      int from,
      int to) {
    int rows = to - from;
    ofTargets.take(batch, from, to);
    ofTargets.write(rows, weights.memory(), matrices);
    ofTargets.write(rows, weights.scaled(), scaled);
    takeSumGradients(batch, dFlat, from, to);
    results(batch, from, to);
    float sum = toWeights(batch, from, to);
    int bias = s.biases(1);
    sums.numbers().put(bias, sums.numbers().get(bias) + sum);
    factors(batch, from, to);
    toVectors(batch, ofVectors, from, to);
    toMatrices(batch, from, to);
    ofTargets.toTargets(batch, weights.scaled(), matrixGradients, dFlat, from, to);
    ofTargets.toWeights(rows, matrixGradients, sums);
  }

  /** Writes the gradients of the rows' sums behind the H columns of their matrices. */
  private void takeSumGradients(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    for (int row = from; row < to; row++) {
      dFlat.numbers().get(row * batch.columns() + batch.pooled(), sumGradient, 0, width);
      int at = (row - from) * ofTargets.size() + first;
      for (int d = 0; d < width; d++, at += stride) {
        matrices.numbers().put(at, sumGradient[d]);
        scaled.numbers().put(at, sumGradient[d]);
      }
      matrices.numbers().put(at, 0);
    }
  }

  private void results(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, false, count, first + 1, width + 1, width + 1, stride, stride, 0)
            .product(
                batch.vectors().at((long) batch.start(row) * (width + 1)),
                matrices.at((long) (row - from) * ofTargets.size()),
                results.at((long) (batch.start(row) - batch.start(from)) * stride));
      }
    }
    call.run();
  }

  /** Finds g of each vector; returns their sum. */
  private float toWeights(AttentionBatch batch, int from, int to) {
    int vectors = batch.start(to) - batch.start(from);
    for (int i = 0, at = first; i < vectors; i++, at += stride) {
      gradients[i] = results.numbers().get(at);
    }
    for (int row = from; s.softmax() && row < to; row++) {
      throughSoftmax(batch, row, batch.start(row) - batch.start(from));
    }
    weightGradients.numbers().put(0, gradients, 0, vectors);
    float sum = 0;
    for (int i = 0; i < vectors; i++) {
      sum += gradients[i];
    }
    return sum;
  }

  private void throughSoftmax(AttentionBatch batch, int row, int at) {
    int count = batch.count(row);
    batch.weights().numbers().get(batch.start(row), ofRow, 0, count);
    float mean = 0;
    for (int i = 0; i < count; i++) {
      mean += ofRow[i] * gradients[at + i];
    }
    for (int i = 0; i < count; i++) {
      gradients[at + i] = ofRow[i] * (gradients[at + i] - mean);
    }
  }

  /** Computes P, and writes a behind it. */
  private void factors(AttentionBatch batch, int from, int to) {
    int start = batch.start(from);
    int vectors = batch.start(to) - start;
    Mkl.Call call = new Mkl.Call(1, 1).group(false, false, vectors, first, 1, 1, first, stride, 0);
    call.product(weightGradients.address(), ones.address(), factors.address());
    call.run();
    int vectorsOfBlock = Math.max(1, BLOCK / stride);
    Scratch scratch = Scratch.of(vectorsOfBlock * stride);
    for (int i = 0; i < vectors; i += vectorsOfBlock) {
      int count = Math.min(vectorsOfBlock, vectors - i);
      factors.numbers().get(i * stride, scratch.others, 0, count * stride);
      if (s.activation() != Activation.NONE) {
        results.numbers().get(i * stride, scratch.values, 0, count * stride);
        multiplyBySlopes(scratch.values, scratch.others, count * stride);
      }
      batch.weights().numbers().get(start + i, scratch.factors, 0, count);
      for (int j = 0; j < count; j++) {
        scratch.others[j * stride + first] = scratch.factors[j];
      }
      factors.numbers().put(i * stride, scratch.others, 0, count * stride);
    }
  }

  private void multiplyBySlopes(float[] z, float[] gradients, int count) {
    float least = leak;
    for (int i = 0; i < count; i++) { // 1 where z is positive, else the leak.
      gradients[i] *= Math.min(1f, Math.max(least, z[i] * LARGE));
    }
  }

  private void toVectors(AttentionBatch batch, FloatMemory ofVectors, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int at = batch.start(row) - batch.start(from);
      if (count > 0) {
        call.group(false, true, count, width, first + 1, stride, stride, width, 0)
            .product(
                factors.at((long) at * stride),
                scaled.at((long) (row - from) * ofTargets.size()),
                ofVectors.at((long) at * width));
      }
    }
    call.run();
  }

  private void toMatrices(AttentionBatch batch, int from, int to) {
    Mkl.Call call = new Mkl.Call(batch.filled(from, to), 1);
    for (int row = from; row < to; row++) {
      int count = batch.count(row);
      int matrix = (row - from) * ofTargets.size();
      if (count == 0) {
        Arrays.fill(ofRow, 0, ofTargets.size(), 0);
        matrixGradients.numbers().put(matrix, ofRow, 0, ofTargets.size());
        continue;
      }
      call.group(true, false, width + 1, first, count, width + 1, stride, stride, 0)
          .product(
              batch.vectors().at((long) batch.start(row) * (width + 1)),
              factors.at((long) (batch.start(row) - batch.start(from)) * stride),
              matrixGradients.at(matrix));
    }
    call.run();
  }
}
