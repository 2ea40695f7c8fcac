package org.llm4msr.runtime.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.AttentionBatch.Floats;

/**
 * Target attention with one hidden layer by {@code attention.c}, which keeps in registers what
 * {@link AttentionRows} writes and reads again between its products.
 */
final class FusedAttention implements AttentionKernel {

  /** Of a register; vectors are filled up to multiples of them. */
  private static final int LANES = 8;

  /** Of {@code struct rows}: 6 addresses, 8 sizes, the leak. */
  private static final int BYTES = 15 * Long.BYTES;

  private final AttentionSizes s;
  private final AttentionWeights weights;
  private final ByteBuffer arguments =
      ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
  private final FloatMemory sums;
  private final FloatMemory memory;
  private ByteBuffer offsets = ByteBuffer.allocateDirect(0);

  FusedAttention(AttentionSizes sizes, AttentionWeights weights) {
    s = sizes;
    this.weights = weights;
    sums = FloatMemory.of(AlignedMemory.floats(s.learned()));
    long floats = AttentionFunctions.attention_memory(s.width(), s.first(), s.length());
    memory = FloatMemory.of(AlignedMemory.floats(floats));
  }

  static boolean serves(AttentionSizes sizes) {
    return sizes.last() == 1 && AttentionFunctions.areThere();
  }

  @Override
  public int stride() {
    return registers(s.width()) * LANES;
  }

  private static int registers(int count) {
    return (count + LANES - 1) / LANES;
  }

  @Override
  public float filler() {
    return 0;
  }

  /** Whether results are above 0, a bit each. */
  @Override
  public int signs() {
    return registers(s.first());
  }

  @Override
  public void forward(AttentionBatch batch, int from, int to) {
    long rows = rows(batch, from, to);
    AttentionFunctions.attention_weights(rows, memory.address());
    if (s.softmax()) {
      batch.softmax(from, to);
    }
    AttentionFunctions.attention_sums(rows, memory.address());
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
    AttentionFunctions.attention_gradients(
        rows(batch, from, to),
        memory.address(),
        dFlat.at((long) from * batch.columns()),
        ofVectors.address(),
        sums.address());
    sums.numbers().get(0, ofLearned);
  }

  /** Writes {@code struct rows}; returns its address. */
  private long rows(AttentionBatch batch, int from, int to) {
    int count = to - from;
    for (int row = from; row < to; row++) {
      if (batch.count(row) > s.length()) {
        throw new IllegalArgumentException(
            "row %d has %d vectors, more than %d".formatted(row, batch.count(row), s.length()));
      }
    }
    int bytes = (count + 1) * Integer.BYTES;
    if (offsets.capacity() < bytes) {
      offsets = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
    offsets.asIntBuffer().put(0, batch.offsets(), from, count + 1);
    arguments
        .clear()
        .putLong(Mkl.address(offsets))
        .putLong(batch.vectors().address())
        .putLong(batch.weights().address())
        .putLong(batch.signs().address())
        .putLong(batch.flat().at((long) from * batch.columns()))
        .putLong(weights.memory().address())
        .putLong(count)
        .putLong(s.width())
        .putLong(s.first())
        .putLong(s.length())
        .putLong(batch.columns())
        .putLong(batch.target())
        .putLong(batch.pooled())
        .putLong(s.softmax() ? 1 : 0)
        .putFloat(Epilogue.leak(s.activation()));
    return Mkl.address(arguments);
  }
}
