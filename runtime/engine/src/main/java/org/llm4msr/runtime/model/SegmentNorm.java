package org.llm4msr.runtime.model;

import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.tables.Workers;

/** {@link RowNorm} of each group over its own rows; fewer than two have no variance. */
final class SegmentNorm {

  private static final int ENOUGH = 2;

  private final List<Segment> segments;
  private final Workers workers;
  private final int columns;
  private final float[] means;
  private final float[] variances;
  private final float[] inverses;
  private final float[] scales;
  private final List<RowNorm> norms;

  /**
   * Makes the normalisation of a batch.
   *
   * @param scales (G, n)
   * @param outerMeans (G, n), used for groups of fewer than two rows
   */
  SegmentNorm(
      List<Segment> segments,
      Workers workers,
      Shape perGroup,
      FloatBuffer scales,
      FloatBuffer outerMeans,
      FloatBuffer outerVariances) {
    this.segments = segments;
    this.workers = workers;
    columns = (int) perGroup.get(1);
    means = floats(outerMeans);
    variances = floats(outerVariances);
    inverses = new float[variances.length];
    this.scales = floats(scales);
    norms = IntStream.range(0, workers.threads()).mapToObj(i -> new RowNorm(columns)).toList();
  }

  private static float[] floats(FloatBuffer values) {
    float[] floats = new float[values.limit()];
    values.get(0, floats);
    return floats;
  }

  /** Returns the means of all groups. */
  float[] means() {
    return means;
  }

  float[] variances() {
    return variances;
  }

  void forward(FloatBuffer x, FloatBuffer shiftsOfGroups, FloatBuffer y, float epsilon) {
    float[] shifts = floats(shiftsOfGroups);
    forEachSegment(
        (norm, segment, at) -> {
          if (isEnough(segment)) {
            norm.statistics(x, segment, means, variances, at);
          }
          for (int j = at; j < at + columns; j++) {
            inverses[j] = (float) (1 / Math.sqrt(variances[j] + epsilon));
          }
          norm.forward(x, y, segment, means, inverses, scales, shifts, at);
        });
  }

  /**
   * Computes the gradients.
   *
   * @param dScales written for groups with rows, as are dShifts
   */
  void backward(FloatBuffer x, FloatBuffer dy, FloatBuffer dx, float[] dScales, float[] dShifts) {
    forEachSegment(
        (norm, segment, at) ->
            norm.backward(
                x,
                dy,
                dx,
                segment,
                means,
                inverses,
                scales,
                isEnough(segment),
                dScales,
                dShifts,
                at));
  }

  private static boolean isEnough(Segment segment) {
    return segment.rows() >= ENOUGH;
  }

  private interface Task {
    void of(RowNorm norm, Segment segment, int at);
  }

  private void forEachSegment(Task task) {
    workers.range(
        segments.size(),
        1,
        (worker, from, to) ->
            segments
                .subList(from, to)
                .forEach(
                    segment -> task.of(norms.get(worker), segment, segment.group() * columns)));
  }
}
