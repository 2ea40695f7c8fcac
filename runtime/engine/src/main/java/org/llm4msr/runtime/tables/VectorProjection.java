package org.llm4msr.runtime.tables;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.engine.Mkl;

/**
 * Projects the vectors of a field: (n, size) by (size, D) to (n, D), where row k of the table is
 * the D-vector of the k-th number. Rows are taken in chunks of one size, so that results do not
 * depend on the number of threads. For one thread at a time.
 */
final class VectorProjection {

  private static final int CHUNK = 256;

  private final EmbeddingTable table;
  private final int size;
  private final int dimension;
  private final boolean mkl;
  private final Workers workers;
  private final float[] weights;
  private final FloatBuffer nativeWeights;
  private final Chunk[] chunks;

  /**
   * Makes a projection.
   *
   * @param mkl whether MKL multiplies, or Java
   */
  VectorProjection(EmbeddingTable table, boolean mkl, Workers workers) {
    this.table = table;
    this.mkl = mkl;
    this.workers = workers;
    size = table.rows();
    dimension = table.dimension();
    weights = new float[size * dimension];
    nativeWeights = memory(mkl ? weights.length : 0);
    chunks = new Chunk[workers.threads()];
    Arrays.setAll(chunks, worker -> new Chunk(mkl ? size : 0, dimension));
  }

  private static FloatBuffer memory(int numbers) {
    return ByteBuffer.allocateDirect(numbers * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Memory outside the heap of one worker: some rows, their results, and the weights' gradient. */
  private record Chunk(FloatBuffer vectors, FloatBuffer results, FloatBuffer gradient) {
    Chunk(int size, int dimension) {
      this(
          memory(CHUNK * size),
          memory(size == 0 ? 0 : CHUNK * dimension),
          memory(size * dimension));
    }
  }

  /**
   * Writes the projections of the first rows into columns of a target.
   *
   * @param target at least (n, width), row after row from index 0
   * @param column the first of the D columns
   */
  void project(Vectors vectors, int rows, FloatBuffer target, int column, int width) {
    table.read(0, 0, size, weights);
    if (mkl) {
      nativeWeights.put(0, weights);
    }
    workers.range(
        rows,
        CHUNK,
        (worker, from, to) -> {
          float[] results = new float[(to - from) * dimension];
          if (mkl) {
            multiply(chunks[worker], vectors, from, to, results);
          } else {
            multiply(vectors, from, to, results);
          }
          for (int row = from, at = 0; row < to; row++, at += dimension) {
            target.put(row * width + column, results, at, dimension);
          }
        });
  }

  private void multiply(Chunk chunk, Vectors vectors, int from, int to, float[] results) {
    chunk.vectors.put(0, vectors.values(), from * size, (to - from) * size);
    Mkl.Call call = new Mkl.Call(1, 1);
    call.group(false, false, to - from, dimension, size, size, dimension, dimension, 0)
        .product(
            Mkl.address(chunk.vectors), Mkl.address(nativeWeights), Mkl.address(chunk.results));
    Mkl.onThisThreadAlone(call::run);
    chunk.results.get(0, results);
  }

  private void multiply(Vectors vectors, int from, int to, float[] results) {
    float[] values = vectors.values();
    for (int row = from, at = 0; row < to; row++, at += dimension) {
      for (int k = 0; k < size; k++) {
        float value = values[row * size + k];
        for (int d = 0; d < dimension; d++) {
          results[at + d] += value * weights[k * dimension + d];
        }
      }
    }
  }

  /**
   * Returns the gradient of the table's rows: (size, D).
   *
   * @param gradient that of the target of {@link #project}, (n, width)
   */
  float[] gradient(Vectors vectors, int rows, float[] gradient, int column, int width) {
    float[][] parts = new float[(rows + CHUNK - 1) / CHUNK][];
    workers.range(
        rows,
        CHUNK,
        (worker, from, to) -> {
          float[] own = new float[(to - from) * dimension];
          for (int row = from, at = 0; row < to; row++, at += dimension) {
            System.arraycopy(gradient, row * width + column, own, at, dimension);
          }
          parts[from / CHUNK] =
              mkl
                  ? toWeights(chunks[worker], vectors, from, to, own)
                  : toWeights(vectors, from, to, own);
        });
    float[] sum = new float[size * dimension];
    for (float[] part : parts) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part[i];
      }
    }
    return sum;
  }

  private float[] toWeights(Chunk chunk, Vectors vectors, int from, int to, float[] gradient) {
    chunk.vectors.put(0, vectors.values(), from * size, (to - from) * size);
    chunk.results.put(0, gradient);
    Mkl.Call call = new Mkl.Call(1, 1);
    call.group(true, false, size, dimension, to - from, size, dimension, dimension, 0)
        .product(
            Mkl.address(chunk.vectors), Mkl.address(chunk.results), Mkl.address(chunk.gradient));
    Mkl.onThisThreadAlone(call::run);
    float[] part = new float[size * dimension];
    chunk.gradient.get(0, part);
    return part;
  }

  private float[] toWeights(Vectors vectors, int from, int to, float[] gradient) {
    float[] values = vectors.values();
    float[] part = new float[size * dimension];
    for (int row = from, at = 0; row < to; row++, at += dimension) {
      for (int k = 0; k < size; k++) {
        float value = values[row * size + k];
        for (int d = 0; d < dimension; d++) {
          part[k * dimension + d] += value * gradient[at + d];
        }
      }
    }
    return part;
  }
}
