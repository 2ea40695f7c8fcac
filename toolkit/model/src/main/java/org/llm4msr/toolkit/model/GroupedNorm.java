package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.internal.RowBlocks.Block;
import org.llm4msr.api.internal.RowPlan;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Pass;

/**
 * Batch normalisation of many groups, each over its own rows, which lie in blocks or in the order
 * of their groups. Statistics, scale and shift have the groups as their first axis; what depends
 * only on groups is computed for all of them at once.
 */
final class GroupedNorm {

  private static final int ENOUGH = 2;

  private final boolean training;
  private final NDManager manager;
  private final RowPlan grouping;
  private final BatchNorm.Parts norms;
  private final int[] rows;

  GroupedNorm(Pass pass, RowPlan grouping, BatchNorm.Parts norms) {
    this.training = pass.training();
    this.manager = pass.manager();
    this.grouping = grouping;
    this.norms = norms;
    rows = new int[grouping.groups()];
    for (Segment segment : grouping.segments()) {
      rows[segment.group()] = segment.rows();
    }
  }

  /** Normalises ordered rows (B, n) in training and does what follows. */
  NDArray apply(RowProducts products, NDArray ordered, Follow follow) {
    BatchNorm.Statistics running = norms.statistics();
    RowProducts.Normalized normalized =
        products.normalize(
            ordered,
            norms.scale(),
            norms.shift(),
            running.runningMean(),
            running.runningVariance(),
            BatchNorm.Statistics.EPSILON,
            follow);
    int[] ofMore = normalized.counts();
    int[] counts = ofMore == null ? rows : ofMore;
    running.update(
        normalized.mean(),
        normalized.variance().mul(perGroup(counts, GroupedNorm::unbiased)),
        perGroup(counts, GroupedNorm::counted));
    return normalized.rows();
  }

  /** Normalises blocks (g, R, n). */
  NDList apply(NDList blocks) {
    return training ? byBatch(blocks) : byRunning(blocks);
  }

  private static float counted(int rows) {
    return rows < ENOUGH ? 0 : 1;
  }

  /** The running variance is unbiased, as in torch. */
  private static float unbiased(int rows) {
    return rows < ENOUGH ? 1 : (float) rows / (rows - 1);
  }

  private NDList byRunning(NDList blocks) {
    BatchNorm.Statistics running = norms.statistics();
    NDArray factor = norms.scale().div(BatchNorm.Statistics.deviation(running.runningVariance()));
    NDArray offset = norms.shift().sub(running.runningMean().mul(factor));
    NDList factors = ofGroups(factor);
    NDList offsets = ofGroups(offset);
    NDList results = new NDList(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      results.add(blocks.get(i).mul(factors.get(i)).add(offsets.get(i)));
    }
    return results;
  }

  private NDList byBatch(NDList blocks) {
    RowBlocks layout = grouping.blocks();
    NDArray counted = perGroup(GroupedNorm::counted);
    // Whole blocks use the engine's own operation; here only their statistics are computed.
    NDList xs = new NDList(blocks.size());
    NDList means = new NDList(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      xs.add(isWhole(i) ? blocks.get(i).stopGradient() : blocks.get(i));
      means.add(layout.shares().get(i).matMul(xs.get(i)));
    }
    BatchNorm.Statistics running = norms.statistics();
    NDArray mean = layout.toGroups(means).squeeze(1);
    NDList used = isEnough() ? means : ofGroups(orRunning(counted, mean, running.runningMean()));
    NDList centred = new NDList(blocks.size());
    NDList variances = new NDList(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      centred.add(xs.get(i).sub(used.get(i)));
      variances.add(layout.shares().get(i).matMul(centred.get(i).square()));
    }
    NDArray variance = layout.toGroups(variances).squeeze(1);
    NDArray usedVariance =
        isEnough() ? variance : orRunning(counted, variance, running.runningVariance());
    NDArray factor = norms.scale().div(BatchNorm.Statistics.deviation(usedVariance));
    NDList results = normalised(blocks, centred, ofGroups(factor));
    NDArray unbiased = perGroup(GroupedNorm::unbiased);
    running.update(mean.stopGradient(), variance.stopGradient().mul(unbiased), counted);
    return results;
  }

  private NDList normalised(NDList blocks, NDList centred, NDList factors) {
    NDList scales = ofGroups(norms.scale());
    NDList shifts = ofGroups(norms.shift());
    NDList results = new NDList(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      results.add(
          isWhole(i)
              ? whole(blocks.get(i), scales.get(i), shifts.get(i))
              : centred.get(i).mul(factors.get(i)).add(shifts.get(i)));
    }
    return results;
  }

  /** A group that fills its block: the engine's own operation takes a quarter of the time. */
  private NDArray whole(NDArray block, NDArray scale, NDArray shift) {
    return BatchNorm.Statistics.byBatch(
            manager, block.squeeze(0), scale.reshape(-1), shift.reshape(-1))
        .expandDims(0);
  }

  private boolean isWhole(int block) {
    Block found = grouping.blocks().blocks().get(block);
    return found.isWhole() && found.places() >= ENOUGH;
  }

  private boolean isEnough() {
    return Arrays.stream(rows).allMatch(n -> n >= ENOUGH);
  }

  /** Replaces statistics over fewer than two rows by running ones: (G, n). */
  private static NDArray orRunning(NDArray counted, NDArray own, NDArray running) {
    return own.mul(counted).add(running.mul(counted.neg().add(1)));
  }

  /** (G, n) to (g, 1, n) each. */
  private NDList ofGroups(NDArray values) {
    return grouping.blocks().ofGroups(values.expandDims(1));
  }

  private interface OfRows {
    float apply(int rows);
  }

  /** A number for each group: (G, 1). */
  private NDArray perGroup(OfRows value) {
    return perGroup(rows, value);
  }

  private NDArray perGroup(int[] counts, OfRows value) {
    float[] values = new float[counts.length];
    for (int g = 0; g < counts.length; g++) {
      values[g] = value.apply(counts[g]);
    }
    return manager.create(values, new Shape(counts.length, 1));
  }
}
