package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Pass;

/**
 * Batch normalisation of many groups at once, each over its own rows, which lie in slots. A sum
 * over the rows of a group is a product with a matrix that leaves the empty places out.
 */
final class SlotNorm {

  private static final int ENOUGH = 2;

  private final Grouping grouping;
  private final List<Segment> segments;
  private final List<BatchNorm.Parts> norms;
  private final NDManager manager;
  private final NDArray slots;

  private SlotNorm(
      Pass pass, Grouping grouping, NDArray slots, IntFunction<BatchNorm.Parts> norms) {
    this.grouping = grouping;
    this.slots = slots;
    segments = grouping.segments();
    this.norms = segments.stream().map(segment -> norms.apply(segment.group())).toList();
    manager = pass.manager();
  }

  /** Normalises slots (T, R, n). */
  static NDArray apply(
      Pass pass, Grouping grouping, NDArray slots, IntFunction<BatchNorm.Parts> norms) {
    SlotNorm norm = new SlotNorm(pass, grouping, slots, norms);
    return pass.training() ? norm.byBatch() : norm.byRunning();
  }

  private NDArray byRunning() {
    NDArray members = members();
    NDArray mean = ofGroups(parts -> parts.statistics().runningMean());
    NDArray variance = ofGroups(parts -> parts.statistics().runningVariance());
    return scaled(slots.sub(each(members, mean)), variance, members);
  }

  private NDArray byBatch() {
    NDArray members = members();
    NDArray filled = grouping.toSlots(manager.ones(new Shape(grouping.rows(), 1)));
    NDArray rows = filled.reshape(filled.getShape().get(0), 1, filled.getShape().get(1));
    NDArray shares = shares();
    NDArray mean = mean(slots, rows, shares);
    NDArray meanOrRunning = orRunning(mean, parts -> parts.statistics().runningMean());
    NDArray centred = slots.sub(each(members, meanOrRunning));
    NDArray variance = mean(centred.square(), rows, shares);
    NDArray varianceOrRunning = orRunning(variance, parts -> parts.statistics().runningVariance());
    NDArray result = scaled(centred, varianceOrRunning, members);
    updateRunning(mean.stopGradient(), variance.stopGradient());
    return result;
  }

  private NDArray scaled(NDArray centred, NDArray variance, NDArray members) {
    NDArray deviation = variance.add(BatchNorm.Statistics.EPSILON).sqrt();
    NDArray factor = ofGroups(BatchNorm.Parts::scale).div(deviation);
    NDArray shift = ofGroups(BatchNorm.Parts::shift);
    return centred.mul(each(members, factor)).add(each(members, shift));
  }

  /** The mean of each group, 0 for those of one row: (G', n). */
  private static NDArray mean(NDArray slots, NDArray rows, NDArray shares) {
    return shares.matMul(rows.matMul(slots).squeeze(1));
  }

  /** Gives each slot the values of its group: (G', n) to (T, 1, n). */
  private static NDArray each(NDArray members, NDArray ofGroups) {
    return members.matMul(ofGroups).expandDims(1);
  }

  private NDArray ofGroups(Function<BatchNorm.Parts, NDArray> values) {
    return NDArrays.stack(new NDList(norms.stream().map(values).toList()));
  }

  /** Puts running statistics in the place of those over one row. */
  private NDArray orRunning(NDArray values, Function<BatchNorm.Parts, NDArray> running) {
    if (segments.stream().allMatch(segment -> segment.rows() >= ENOUGH)) {
      return values;
    }
    NDList single = new NDList(segments.size());
    for (int i = 0; i < segments.size(); i++) {
      NDArray own = running.apply(norms.get(i));
      single.add(segments.get(i).rows() < ENOUGH ? own : manager.zeros(own.getShape()));
    }
    return values.add(NDArrays.stack(single));
  }

  private void updateRunning(NDArray mean, NDArray variance) {
    boolean[] counted = new boolean[segments.size()];
    // The running variance is unbiased, as in torch.
    float[] unbiased = new float[segments.size()];
    for (int i = 0; i < counted.length; i++) {
      int rows = segments.get(i).rows();
      counted[i] = rows >= ENOUGH;
      unbiased[i] = counted[i] ? (float) rows / (rows - 1) : 0;
    }
    NDArray factors = manager.create(unbiased, new Shape(segments.size(), 1));
    BatchNorm.Statistics.update(
        norms.stream().map(BatchNorm.Parts::statistics).toList(),
        counted,
        mean,
        variance.mul(factors));
  }

  /** 1 where a slot belongs to a group: (T, G'). */
  private NDArray members() {
    return matrix(segment -> 1f).transpose();
  }

  /** 1 / rows where a slot belongs to a group of two rows or more: (G', T). */
  private NDArray shares() {
    return matrix(segment -> segment.rows() < ENOUGH ? 0 : 1f / segment.rows());
  }

  private NDArray matrix(Function<Segment, Float> value) {
    int count = segments.stream().mapToInt(s -> s.slots(grouping.slotRows())).sum();
    float[] values = new float[segments.size() * count];
    int slot = 0;
    for (int i = 0; i < segments.size(); i++) {
      int behind = slot + segments.get(i).slots(grouping.slotRows());
      Arrays.fill(values, i * count + slot, i * count + behind, value.apply(segments.get(i)));
      slot = behind;
    }
    return manager.create(values, new Shape(segments.size(), count));
  }
}
