package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.GradientSums;
import org.llm4msr.runtime.kernels.Moments;
import org.llm4msr.runtime.kernels.RowChunks;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.kernels.RowNorm;

/**
 * Batch normalisation of each group over its own rows, followed by an activation and dropout. A
 * group of fewer than two rows, which has no variance, is normalised by the statistics passed in.
 * Sums over a group's rows are joined in the order of the rows, whichever thread is first.
 */
final class NormLayer {

  private static final int ENOUGH = 2;

  private final Tape tape;
  private final List<Segment> segments;
  private final Follow follow;
  private final @Nullable FloatBuffer mask;
  private final int columns;
  private final Shape perGroup;
  private final Tape.Leaf x;
  private final Tape.Leaf scale;
  private final Tape.Leaf shift;
  private final float[] means;
  private final float[] variances;
  private final float[] inverses;
  private final float[] scales;
  private final NDArray y;
  private final RowChunks chunks;
  private final @Nullable NormExchange others;

  /** Rows of each group, those of other workers included. */
  private final int[] rows;

  /**
   * Makes the normalisation of a batch.
   *
   * @param x (B, n)
   * @param scale (G, n) or, with one group, (n); as are shift, mean and variance
   */
  NormLayer(
      Tape tape,
      List<Segment> segments,
      Follow follow,
      NDArray x,
      NDArray scale,
      NDArray shift,
      NDArray mean,
      NDArray variance) {
    this.tape = tape;
    this.segments = segments;
    this.follow = follow;
    columns = (int) x.getShape().get(1);
    perGroup = scale.getShape();
    this.x = tape.take(x);
    this.scale = tape.take(scale);
    this.shift = tape.take(shift);
    means = floats(Mkl.floats(mean));
    variances = floats(Mkl.floats(variance));
    inverses = new float[variances.length];
    scales = floats(this.scale.values().numbers());
    mask = follow.masks() == null ? null : Mkl.floats(follow.masks().apply(x.getShape()));
    y = tape.manager().create(x.getShape(), DataType.FLOAT32);
    chunks = new RowChunks(segments, 2 * columns, tape.workers());
    rows = new int[groups()];
    segments.forEach(segment -> rows[segment.group()] = segment.rows());
    BatchShare share = tape.share();
    others = share == null ? null : new NormExchange(share.exchange(), groups(), columns);
  }

  private static float[] floats(FloatBuffer values) {
    float[] floats = new float[values.limit()];
    values.get(0, floats);
    return floats;
  }

  /** Normalises, and records how the gradient goes on. */
  Normalized apply(float epsilon) {
    findStatistics();
    for (int i = 0; i < inverses.length; i++) {
      inverses[i] = (float) (1 / Math.sqrt(variances[i] + epsilon));
    }
    forward();
    return new Normalized(
        tape.give(y, this::backward),
        tape.manager().create(means, perGroup),
        tape.manager().create(variances, perGroup),
        others == null ? null : rows);
  }

  private void findStatistics() {
    FloatBuffer rows = x.values().numbers();
    Moments[] ofPieces = new Moments[chunks.pieces().size()];
    chunks.run(
        pieces -> {
          RowNorm norm = new RowNorm(columns);
          for (Piece piece : pieces) {
            ofPieces[piece.index()] = norm.moments(rows, piece.from(), piece.to());
          }
        });
    @Nullable Moments[] ofGroups = new Moments[groups()];
    for (Piece piece : chunks.pieces()) {
      Moments own = ofPieces[piece.index()];
      Moments before = ofGroups[piece.group()];
      if (before == null) {
        ofGroups[piece.group()] = own;
      } else {
        before.join(own);
      }
    }
    @Nullable Moments[] all = others == null ? ofGroups : others.moments(ofGroups);
    for (int group = 0; group < all.length; group++) {
      Moments moments = all[group];
      if (moments != null) {
        take(group, moments);
      }
    }
  }

  private void take(int group, Moments moments) {
    rows[group] = moments.rows();
    for (int j = 0, at = group * columns; rows[group] >= ENOUGH && j < columns; j++, at++) {
      means[at] = moments.mean(j);
      variances[at] = moments.variance(j);
    }
  }

  private int groups() {
    return means.length / columns;
  }

  private Epilogue epilogue() {
    return new Epilogue(follow.activation(), mask, columns);
  }

  private void forward() {
    FloatBuffer from = x.values().numbers();
    FloatBuffer to = Mkl.floats(y);
    float[] shifts = floats(shift.values().numbers());
    chunks.run(
        pieces -> {
          RowNorm norm = new RowNorm(columns);
          Epilogue epilogue = epilogue();
          for (Piece piece : pieces) {
            int at = piece.group() * columns;
            norm.forward(from, to, piece.from(), piece.to(), means, inverses, scales, shifts, at);
            epilogue.forward(to, piece.from(), piece.to(), null, 0);
          }
        });
  }

  private void backward(NDArray gradient) {
    FloatMemory dy = FloatMemory.of(gradient);
    @Nullable GradientSums[] ofGroups = sums(dy);
    @Nullable GradientSums[] all = others == null ? ofGroups : others.sums(ofGroups);
    float[] dScale = new float[groups() * columns];
    float[] dShift = new float[groups() * columns];
    float[] meanGradients = new float[groups() * columns];
    float[] meanProducts = new float[groups() * columns];
    for (Segment segment : segments) {
      int group = segment.group();
      GradientSums own = requireNonNull(ofGroups[group]);
      GradientSums sums = requireNonNull(all[group]);
      for (int j = 0; j < columns; j++) {
        int at = group * columns + j;
        dShift[at] = (float) own.ofGradients(j);
        dScale[at] = (float) (own.ofProducts(j) * inverses[at]);
        if (rows[group] >= ENOUGH) {
          meanGradients[at] = (float) sums.ofGradients(j) / rows[group];
          meanProducts[at] =
              (float) (sums.ofProducts(j) * inverses[at]) / rows[group] * inverses[at];
        }
      }
    }
    NDArray dx = tape.manager().create(y.getShape(), DataType.FLOAT32);
    FloatBuffer from = x.values().numbers();
    FloatBuffer to = Mkl.floats(dx);
    chunks.run(
        pieces -> {
          RowNorm norm = new RowNorm(columns);
          for (Piece piece : pieces) {
            norm.backward(
                from,
                dy.numbers(),
                to,
                piece.from(),
                piece.to(),
                means,
                inverses,
                scales,
                meanGradients,
                meanProducts,
                piece.group() * columns);
          }
        });
    x.add(dx);
    scale.add(tape.manager().create(dScale, perGroup));
    shift.add(tape.manager().create(dShift, perGroup));
  }

  /** Takes the gradient of the results back through dropout and activation, and adds it up. */
  private @Nullable GradientSums[] sums(FloatMemory dy) {
    FloatBuffer from = x.values().numbers();
    FloatMemory results = FloatMemory.of(y);
    GradientSums[] ofPieces = new GradientSums[chunks.pieces().size()];
    chunks.run(
        pieces -> {
          RowNorm norm = new RowNorm(columns);
          Epilogue epilogue = epilogue();
          for (Piece piece : pieces) {
            epilogue.backward(results, dy, piece.from(), piece.to());
            ofPieces[piece.index()] =
                norm.sums(
                    from, dy.numbers(), piece.from(), piece.to(), means, piece.group() * columns);
          }
        });
    @Nullable GradientSums[] ofGroups = new GradientSums[groups()];
    for (Piece piece : chunks.pieces()) {
      GradientSums sums = ofGroups[piece.group()];
      if (sums == null) {
        sums = new GradientSums(columns);
        ofGroups[piece.group()] = sums;
      }
      sums.add(ofPieces[piece.index()]);
    }
    return ofGroups;
  }
}
