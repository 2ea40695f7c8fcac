package org.llm4msr.runtime.kernels;

import java.util.Arrays;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.AttentionBatch.Floats;

/**
 * Gradients of target attention with one hidden layer: a weight is a = v f(z) + c with z = (e, 1) M
 * as in {@link AttentionRows}. As f is linear on either side of 0, its slope is all that is read of
 * z. With g the gradient of a and P = g f'(z) diag(v), the gradient of M is (e, 1)' P, and that of
 * e is P M', to which the row's sum adds a times its own gradient. For one thread at a time.
 */
final class OneLayerGradients {

  /** From how many rows on matrices are computed at once: products of fewer are slow. */
  private static final int ROWS = 80;

  /** Rows of results begin at multiples of so many numbers. */
  private static final int ALIGNMENT = 4;

  /** How many numbers are processed at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 11;

  private final AttentionSizes s;
  private final AttentionWeights weights;
  private final int width;
  private final int first;

  /** Columns of a matrix: H, the gradient of the row's sum, and what aligns the next row. */
  private final int stride;

  private final float leak;
  private final TargetMatrices ofTargets;
  private final FloatMemory matrices;
  private final FloatMemory matrixGradients;

  /** z, then g. */
  private final FloatMemory results;

  /** P, then a. */
  private final FloatMemory factors;

  private final int rowsOfGroup;
  private final float[] sumGradient;
  private final float[] ofRow;
  private final int vectorsOfBlock;

  /** v, again and again. */
  private final float[] last;

  /** The gradient of v, in as many parts as a block has vectors. */
  private final float[] ofLast;

  OneLayerGradients(AttentionSizes sizes, AttentionWeights weights) {
    s = sizes;
    this.weights = weights;
    width = s.width();
    first = s.first();
    stride = (first + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    leak = Epilogue.leak(s.activation());
    rowsOfGroup = s.rowsOfChunk() * Math.max(1, ROWS / s.rowsOfChunk());
    ofTargets = new TargetMatrices(s, rowsOfGroup, stride);
    int vectors = s.rowsOfChunk() * s.length();
    matrices = memory(rowsOfGroup * ofTargets.size());
    matrixGradients = memory(rowsOfGroup * ofTargets.size());
    results = memory(vectors * stride);
    factors = memory(vectors * stride);
    sumGradient = new float[width];
    ofRow = new float[Math.max(s.length(), ofTargets.size())];
    vectorsOfBlock = Math.max(1, BLOCK / stride);
    last = new float[vectorsOfBlock * stride];
    ofLast = new float[vectorsOfBlock * stride];
  }

  private static FloatMemory memory(int numbers) {
    return FloatMemory.of(AlignedMemory.floats(numbers));
  }

  /**
   * Computes the gradients of some rows.
   *
   * @param dFlat the gradient of the flat input, to which that of the targets is added
   * @param sums to which the gradients of what is learned are added
   * @param ofVectors gets the gradients of the vectors, (N, D)
   */
  void run(
      AttentionBatch batch,
      FloatMemory dFlat,
      FloatMemory sums,
      Floats ofVectors,
      int from,
      int to) {
    weights.memory().numbers().get(s.weights(1), last, 0, first);
    for (int vector = 1; vector < vectorsOfBlock; vector++) {
      System.arraycopy(last, 0, last, vector * stride, first);
    }
    Arrays.fill(ofLast, 0);
    for (int start = from; start < to; start += rowsOfGroup) {
      int end = Math.min(to, start + rowsOfGroup);
      if (batch.start(end) > batch.start(start)) {
        group(batch, dFlat, sums, ofVectors, start, end);
      }
    }
    for (int i = 0; i < first; i++) {
      float sum = sums.numbers().get(s.weights(1) + i);
      for (int vector = 0; vector < vectorsOfBlock; vector++) {
        sum += ofLast[vector * stride + i];
      }
      sums.numbers().put(s.weights(1) + i, sum);
    }
  }

  private void group(
      AttentionBatch batch,
      FloatMemory dFlat,
      FloatMemory sums,
      Floats ofVectors,
      int from,
      int to) {
    int rows = to - from;
    ofTargets.take(batch, from, to);
    ofTargets.write(rows, weights.memory(), matrices);
    takeSumGradients(batch, dFlat, from, to);
    float sum = 0;
    for (int start = from; start < to; start += s.rowsOfChunk()) {
      int end = Math.min(to, start + s.rowsOfChunk());
      Chunk chunk = new Chunk(batch, start, end, (start - from) * ofTargets.size());
      if (chunk.vectors() > 0) {
        results(chunk);
        throughSoftmax(chunk);
        sum += factors(chunk);
        toVectors(chunk, ofVectors);
      }
      toMatrices(chunk);
    }
    int bias = s.biases(1);
    sums.numbers().put(bias, sums.numbers().get(bias) + sum);
    ofTargets.toTargets(batch, weights.memory(), matrixGradients, dFlat, from, to);
    ofTargets.toWeights(rows, matrixGradients, sums);
  }

  /**
   * Rows whose vectors stay in a core's cache.
   *
   * @param matrix where the matrix of the first lies
   */
  private record Chunk(AttentionBatch batch, int from, int to, int matrix) {

    int first() {
      return batch.start(from);
    }

    int vectors() {
      return batch.start(to) - first();
    }

    /** Returns the place of a row's vectors in the chunk. */
    int at(int row) {
      return batch.start(row) - first();
    }
  }

  /** Writes the gradients of the rows' sums behind the H columns of their matrices. */
  private void takeSumGradients(AttentionBatch batch, FloatMemory dFlat, int from, int to) {
    for (int row = from; row < to; row++) {
      dFlat.numbers().get(row * batch.columns() + batch.pooled(), sumGradient, 0, width);
      int at = (row - from) * ofTargets.size() + first;
      for (int d = 0; d < width; d++, at += stride) {
        matrices.numbers().put(at, sumGradient[d]);
      }
      matrices.numbers().put(at, 0);
    }
  }

  private long matrix(Chunk chunk, int row) {
    return chunk.matrix + (long) (row - chunk.from) * ofTargets.size();
  }

  private long vectors(Chunk chunk, int row) {
    return chunk.batch.vectors().at((long) chunk.batch.start(row) * (width + 1));
  }

  private void results(Chunk chunk) {
    AttentionBatch batch = chunk.batch;
    Mkl.Call call = new Mkl.Call(batch.filled(chunk.from, chunk.to), 1);
    for (int row = chunk.from; row < chunk.to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, false, count, first + 1, width + 1, width + 1, stride, stride, 0)
            .product(
                vectors(chunk, row),
                matrices.at(matrix(chunk, row)),
                results.at((long) chunk.at(row) * stride));
      }
    }
    call.run();
  }

  /** Replaces g before the softmax by that behind it. */
  private void throughSoftmax(Chunk chunk) {
    for (int row = chunk.from; s.softmax() && row < chunk.to; row++) {
      int count = chunk.batch.count(row);
      chunk.batch.weights().numbers().get(chunk.batch.start(row), ofRow, 0, count);
      int at = chunk.at(row) * stride + first;
      float mean = 0;
      for (int i = 0; i < count; i++) {
        mean += ofRow[i] * results.numbers().get(at + i * stride);
      }
      for (int i = 0; i < count; i++) {
        float before = results.numbers().get(at + i * stride);
        results.numbers().put(at + i * stride, ofRow[i] * (before - mean));
      }
    }
  }

  /** Computes P, and writes a behind it; returns the sum of g. */
  private float factors(Chunk chunk) {
    Scratch scratch = Scratch.of(vectorsOfBlock * stride);
    float sum = 0;
    for (int i = 0; i < chunk.vectors(); i += vectorsOfBlock) {
      int count = Math.min(vectorsOfBlock, chunk.vectors() - i);
      results.numbers().get(i * stride, scratch.values, 0, count * stride);
      for (int j = 0; j < count; j++) {
        float gradient = scratch.values[j * stride + first];
        sum += gradient;
        Arrays.fill(scratch.others, j * stride, (j + 1) * stride, gradient);
      }
      multiply(scratch.values, scratch.others, count * stride);
      chunk.batch.weights().numbers().get(chunk.first() + i, scratch.factors, 0, count);
      for (int j = 0; j < count; j++) {
        scratch.others[j * stride + first] = scratch.factors[j];
      }
      factors.numbers().put(i * stride, scratch.others, 0, count * stride);
    }
    return sum;
  }

  /** Multiplies gradients by the slopes at z; adds z times them to that of v; multiplies by v. */
  private void multiply(float[] z, float[] gradients, int count) {
    for (int i = 0; i < count; i++) {
      float gradient = gradients[i] * Epilogue.slope(z[i], leak);
      ofLast[i] += gradient * z[i];
      gradients[i] = gradient * last[i];
    }
  }

  private void toVectors(Chunk chunk, Floats ofVectors) {
    AttentionBatch batch = chunk.batch;
    Mkl.Call call = new Mkl.Call(batch.filled(chunk.from, chunk.to), 1);
    for (int row = chunk.from; row < chunk.to; row++) {
      int count = batch.count(row);
      if (count > 0) {
        call.group(false, true, count, width, first + 1, stride, stride, width, 0)
            .product(
                factors.at((long) chunk.at(row) * stride),
                matrices.at(matrix(chunk, row)),
                ofVectors.at((long) batch.start(row) * width));
      }
    }
    call.run();
  }

  private void toMatrices(Chunk chunk) {
    AttentionBatch batch = chunk.batch;
    Mkl.Call call = new Mkl.Call(batch.filled(chunk.from, chunk.to), 1);
    for (int row = chunk.from; row < chunk.to; row++) {
      int count = batch.count(row);
      long matrix = matrix(chunk, row);
      if (count == 0) {
        Arrays.fill(ofRow, 0, ofTargets.size(), 0);
        matrixGradients.numbers().put((int) matrix, ofRow, 0, ofTargets.size());
        continue;
      }
      call.group(true, false, width + 1, first, count, width + 1, stride, stride, 0)
          .product(
              vectors(chunk, row),
              factors.at((long) chunk.at(row) * stride),
              matrixGradients.at(matrix));
    }
    if (chunk.vectors() > 0) {
      call.run();
    }
  }
}
