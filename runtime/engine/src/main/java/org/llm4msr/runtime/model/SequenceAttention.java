package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.AttentionBatch;
import org.llm4msr.runtime.kernels.AttentionBatch.Floats;
import org.llm4msr.runtime.kernels.AttentionKernel;
import org.llm4msr.runtime.kernels.AttentionSizes;
import org.llm4msr.runtime.kernels.AttentionWeights;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.SequenceLists;
import org.llm4msr.runtime.tables.Workers;

/**
 * Target attention of a sequence outside the engine: only over vectors that there are, which no
 * flat input has to hold. Results do not depend on the number of threads. For one pass at a time.
 */
public final class SequenceAttention {

  /** How many vectors are gathered at a time. */
  private static final int GATHER = 512;

  private final EmbeddingTable table;
  private final AttentionSizes sizes;
  private final List<Layer> layers;
  private final int target;
  private final int pooled;
  private final Workers workers;
  private final LongFunction<FloatBuffer> room;
  private final AttentionWeights weights;
  private final @Nullable AttentionKernel[] kernels;
  private final int stride;
  private final float filler;
  private final int signs;
  private final float[][] blocks;
  private FloatMemory weightOfVector = FloatMemory.of(AlignedMemory.floats(0));
  private FloatMemory signsOfVector = weightOfVector;
  private @Nullable Pass pass;

  /**
   * A linear layer.
   *
   * @param weight (in, out)
   * @param bias (out)
   */
  public record Layer(Parameter weight, Parameter bias) {}

  /** A batch on its way. */
  private record Pass(
      AttentionBatch batch,
      SequenceLists lists,
      List<GroupArray> weights,
      List<GroupArray> biases) {}

  /**
   * Makes the attention of a sequence.
   *
   * @param table that the ids read, of vectors of D numbers
   * @param layers those of the sizes
   * @param target the first column of the target in the flat input
   * @param pooled the first of D columns that get the sum
   * @param room gives memory for the vectors of a batch
   */
  public SequenceAttention(
      EmbeddingTable table,
      AttentionSizes sizes,
      List<Layer> layers,
      int target,
      int pooled,
      Workers workers,
      LongFunction<FloatBuffer> room) {
    this.table = table;
    this.sizes = sizes;
    this.layers = List.copyOf(layers);
    this.target = target;
    this.pooled = pooled;
    this.workers = workers;
    this.room = room;
    weights = new AttentionWeights(sizes);
    kernels = new AttentionKernel[workers.threads()];
    stride = kernel(0).stride();
    filler = kernel(0).filler();
    signs = kernel(0).signs();
    blocks = new float[workers.threads()][GATHER * stride];
  }

  private AttentionKernel kernel(int worker) {
    AttentionKernel kernel = kernels[worker];
    if (kernel == null) {
      kernel = AttentionKernel.of(sizes, weights);
      kernels[worker] = kernel;
    }
    return kernel;
  }

  /**
   * Writes the sums of a batch.
   *
   * @param rows B
   * @param lists of ids
   * @param flat (B, columns), with zeros in the place of the sums
   */
  public void forward(Tape tape, int rows, SequenceLists lists, FloatBuffer flat, int columns) {
    List<GroupArray> ofWeights = new ArrayList<>();
    List<GroupArray> ofBiases = new ArrayList<>();
    for (Layer layer : layers) {
      ofWeights.add(GroupArray.of(tape, layer.weight()));
      ofBiases.add(GroupArray.of(tape, layer.bias()));
    }
    takeWeights(ofWeights, ofBiases);
    int vectors = lists.offsets[rows];
    FloatBuffer memory = room.apply((long) vectors * stride);
    if (weightOfVector.numbers().limit() < vectors) {
      long roomFor = vectors + vectors / 8L;
      weightOfVector = FloatMemory.of(AlignedMemory.floats(roomFor));
      signsOfVector = FloatMemory.of(AlignedMemory.floats(roomFor * signs / Float.BYTES + 1));
    }
    AttentionBatch batch =
        new AttentionBatch(
            rows,
            lists.offsets,
            new Floats(memory, Mkl.address(memory)),
            new Floats(weightOfVector.numbers(), weightOfVector.address()),
            signsOfVector,
            new Floats(flat, Mkl.address(flat)),
            columns,
            target,
            pooled);
    workers.range(
        rows,
        sizes.rowsOfBlock(rows),
        (worker, from, to) -> {
          gather(lists, from, to, memory, blocks[worker]);
          Mkl.onThisThreadAlone(() -> kernel(worker).forward(batch, from, to));
        });
    pass = new Pass(batch, lists, ofWeights, ofBiases);
  }

  private void takeWeights(List<GroupArray> ofWeights, List<GroupArray> ofBiases) {
    for (int layer = 0; layer < layers.size(); layer++) {
      FloatBuffer weight = ofWeights.get(layer).values().numbers();
      FloatBuffer bias = ofBiases.get(layer).values().numbers();
      if (layer == 0) {
        weights.first(weight, bias);
      } else {
        weights.layer(layer, weight, bias);
      }
    }
  }

  private void gather(
      SequenceLists lists, int fromRow, int toRow, FloatBuffer memory, float[] block) {
    int end = lists.offsets[toRow];
    for (int from = lists.offsets[fromRow]; from < end; from += GATHER) {
      int count = Math.min(GATHER, end - from);
      table.copy(lists.ids, from, from + count, block, 0, stride);
      for (int i = 0; i < count && stride > sizes.width(); i++) {
        Arrays.fill(block, i * stride + sizes.width(), (i + 1) * stride, filler);
      }
      memory.put(from * stride, block, 0, count * stride);
    }
  }

  /**
   * Records the attention of several sequences of a flat input, whose sums are written.
   *
   * @return the flat input, as the engine goes on with it
   */
  public static NDArray record(Tape tape, NDArray flat, List<SequenceAttention> all) {
    if (!tape.records()) {
      return flat;
    }
    Tape.Leaf from = tape.take(flat);
    return tape.give(
        flat.stopGradient(),
        gradient -> {
          NDArray own = gradient.reshape(-1); // Copies numbers that are not contiguous.
          FloatMemory numbers = FloatMemory.of(own);
          all.forEach(attention -> attention.backward(numbers));
          from.add(own.reshape(gradient.getShape()));
        });
  }

  private void backward(FloatMemory gradient) {
    Pass last = pass;
    if (last == null) {
      throw new IllegalStateException("no pass");
    }
    AttentionBatch batch = last.batch;
    Floats ofVectors = gradients(batch, last.lists);
    int rowsOfBlock = sizes.rowsOfBlock(batch.rows());
    int count = (batch.rows() + rowsOfBlock - 1) / rowsOfBlock;
    float[][] sums = new float[count][sizes.learned()];
    workers.range(
        batch.rows(),
        rowsOfBlock,
        (worker, from, to) ->
            Mkl.onThisThreadAlone(
                () ->
                    kernel(worker)
                        .backward(batch, gradient, ofVectors, sums[from / rowsOfBlock], from, to)));
    float[] sum = sums[0];
    for (int block = 1; block < count; block++) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += sums[block][i];
      }
    }
    toParameters(last, sum);
  }

  /** Returns where the gradients of the vectors go: over them where they lie without gaps. */
  private Floats gradients(AttentionBatch batch, SequenceLists lists) {
    if (stride == sizes.width()) {
      lists.pooled.setGradients(batch.vectors().numbers());
      return batch.vectors();
    }
    FloatBuffer gradients =
        lists.pooled.expectGradients(lists.offsets[batch.rows()] * sizes.width());
    return new Floats(gradients, Mkl.address(gradients));
  }

  private void toParameters(Pass last, float[] sum) {
    for (int layer = 0; layer < layers.size(); layer++) {
      FloatBuffer weight = gradient(last.weights.get(layer));
      FloatBuffer bias = gradient(last.biases.get(layer));
      if (layer == 0) {
        weights.addFirst(sum, weight, bias);
      } else {
        weights.addLayer(layer, sum, weight, bias);
      }
    }
  }

  private static FloatBuffer gradient(GroupArray array) {
    boolean added = array.hasGradient(); // Before its place is asked for.
    FloatBuffer gradient = array.gradient();
    if (!added) {
      FloatMemory.clear(gradient);
    }
    return gradient;
  }
}
