package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.RowBlocks;
import org.llm4msr.api.model.RowBlocks.Block;

/**
 * Batch normalisation of many groups, each over its own rows, which lie in blocks. Statistics,
 * scale and shift have an axis of groups in front.
 */
final class GroupedNorm {

  private static final int ENOUGH = 2;

  private final boolean training;
  private final NDManager manager;
  private final RowBlocks layout;
  private final BatchNorm.Parts norms;

  GroupedNorm(Pass pass, RowBlocks layout, BatchNorm.Parts norms) {
    this.training = pass.training();
    this.manager = pass.manager();
    this.layout = layout;
    this.norms = norms;
  }

  /** Normalises blocks (g, R, n). */
  NDList apply(NDList blocks) {
    return training ? byBatch(blocks) : byRunning(blocks);
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
    NDList shares = layout.shares();
    NDList scales = ofGroups(norms.scale());
    NDList shifts = ofGroups(norms.shift());
    NDList runningMeans = ofGroups(norms.statistics().runningMean());
    NDList runningVariances = ofGroups(norms.statistics().runningVariance());
    NDList means = new NDList(blocks.size());
    NDList variances = new NDList(blocks.size());
    NDList results = new NDList(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      Block block = layout.blocks().get(i);
      NDArray scale = scales.get(i);
      NDArray shift = shifts.get(i);
      boolean whole = block.isWhole() && block.places() >= ENOUGH;
      NDArray x = whole ? blocks.get(i).stopGradient() : blocks.get(i);
      NDArray mean = shares.get(i).matMul(x);
      NDArray centred = x.sub(orRunning(block, mean, runningMeans.get(i)));
      NDArray variance = shares.get(i).matMul(centred.square());
      if (whole) {
        results.add(whole(blocks.get(i), scale, shift));
      } else {
        NDArray used = orRunning(block, variance, runningVariances.get(i));
        NDArray factor = scale.div(BatchNorm.Statistics.deviation(used));
        results.add(centred.mul(factor).add(shift));
      }
      means.add(mean.stopGradient().squeeze(1));
      variances.add(variance.stopGradient().squeeze(1));
    }
    updateRunning(means, variances);
    return results;
  }

  /** A group that fills its block: the engine's own operation takes a third of the time. */
  private NDArray whole(NDArray block, NDArray scale, NDArray shift) {
    return BatchNorm.Statistics.byBatch(
            manager, block.squeeze(0), scale.reshape(-1), shift.reshape(-1))
        .expandDims(0);
  }

  /** Puts running statistics in the place of those over fewer than two rows: (g, 1, n). */
  private NDArray orRunning(Block block, NDArray own, NDArray running) {
    if (block.rows().stream().allMatch(rows -> rows >= ENOUGH)) {
      return own;
    }
    NDArray counted = perGroup(block.rows(), rows -> rows < ENOUGH ? 0 : 1).expandDims(2);
    return own.mul(counted).add(running.mul(counted.neg().add(1)));
  }

  private void updateRunning(NDList means, NDList variances) {
    NDList unbiased = new NDList(variances.size());
    NDList counted = new NDList(variances.size());
    for (int i = 0; i < variances.size(); i++) {
      List<Integer> rows = layout.blocks().get(i).rows();
      // The running variance is unbiased, as in torch.
      NDArray factors = perGroup(rows, n -> n < ENOUGH ? 1 : (float) n / (n - 1));
      unbiased.add(variances.get(i).mul(factors));
      counted.add(perGroup(rows, n -> n < ENOUGH ? 0 : 1));
    }
    norms
        .statistics()
        .update(layout.toGroups(means), layout.toGroups(unbiased), layout.toGroups(counted));
  }

  /** (G, n) to (g, 1, n) each. */
  private NDList ofGroups(NDArray values) {
    return layout.ofGroups(values.expandDims(1));
  }

  private interface OfRows {
    float apply(int rows);
  }

  /** A number for each group of a block: (g, 1). */
  private NDArray perGroup(List<Integer> rows, OfRows value) {
    float[] values = new float[rows.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value.apply(rows.get(i));
    }
    return manager.create(values, new Shape(values.length, 1));
  }
}
