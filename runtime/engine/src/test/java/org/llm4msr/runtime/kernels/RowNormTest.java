package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Grouping.Segment;

class RowNormTest {

  private static final double EPSILON = 1e-5;

  /** Columns 1, 3 and 10, 14: means 2 and 12, variances 1 and 4. */
  @Test
  void normalisesByHand() {
    RowNorm norm = new RowNorm(2);
    FloatBuffer x = FloatBuffer.wrap(new float[] {1, 10, 3, 14});
    float[] y = new float[4];

    Moments moments = norm.moments(x, 0, 2);
    norm.forward(
        x,
        FloatBuffer.wrap(y),
        0,
        2,
        new float[] {2, 12},
        new float[] {1, 0.5f},
        new float[] {1, 10},
        new float[] {0, 100},
        0);

    assertThat(new float[] {moments.mean(0), moments.mean(1)}).containsExactly(2, 12);
    assertThat(new float[] {moments.variance(0), moments.variance(1)}).containsExactly(1, 4);
    assertThat(y).containsExactly(-1, 90, 1, 110);
  }

  /** Large values that hardly differ lose their variance where squares are added up. */
  @Test
  void keepsTheVarianceOfLargeValues() {
    int rows = 10_000;
    FloatBuffer x = FloatBuffer.allocate(rows);
    IntStream.range(0, rows).forEach(row -> x.put(row, 1000 + row % 2));

    Moments moments = new RowNorm(1).moments(x, 0, rows);

    assertThat(moments.mean(0)).isEqualTo(1000.5f);
    assertThat(moments.variance(0)).isCloseTo(0.25f, within(1e-6f));
  }

  /** More rows than are processed at a time, behind those of another group. */
  private static final class Rows {
    private final int columns = 3;
    private final Segment segment = new Segment(2, 100, 3100);
    private final int at = 2 * columns;
    private final float[] x = draw(1, 3200 * columns);
    private final float[] dy = draw(2, 3200 * columns);
    private final float[] scales = draw(3, 4 * columns);
    private final float[] shifts = draw(4, 4 * columns);
    private final float[] means = new float[4 * columns];
    private final float[] variances = new float[4 * columns];
    private final float[] inverses = new float[4 * columns];
    private final RowNorm norm = new RowNorm(columns);

    Rows() {
      // Joined from two parts, as those of two threads are.
      Moments moments = norm.moments(FloatBuffer.wrap(x), segment.from(), 1500);
      moments.join(norm.moments(FloatBuffer.wrap(x), 1500, segment.to()));
      for (int j = 0; j < columns; j++) {
        means[at + j] = moments.mean(j);
        variances[at + j] = moments.variance(j);
        inverses[at + j] = (float) (1 / Math.sqrt(variances[at + j] + EPSILON));
      }
    }

    private static float[] draw(long seed, int count) {
      Random random = new Random(seed);
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) (random.nextGaussian() * (1 + i % 3) + i % 3);
      }
      return values;
    }

    /** Adds up over the segment in double precision. */
    double sum(IntToDoubleFunction ofRow) {
      return IntStream.range(segment.from(), segment.to()).mapToDouble(ofRow).sum();
    }

    double mean(int j) {
      return sum(row -> x[row * columns + j]) / segment.rows();
    }

    double variance(int j) {
      double mean = mean(j);
      return sum(row -> Math.pow(x[row * columns + j] - mean, 2)) / segment.rows();
    }
  }

  @Test
  void statisticsAreThoseOfTheSegment() {
    Rows rows = new Rows();

    for (int j = 0; j < rows.columns; j++) {
      assertThat(rows.means[rows.at + j]).isCloseTo((float) rows.mean(j), within(1e-5f));
      assertThat(rows.variances[rows.at + j]).isCloseTo((float) rows.variance(j), within(1e-4f));
    }
  }

  @Test
  void forwardWritesTheRowsOfTheSegmentAlone() {
    Rows rows = new Rows();
    float[] y = new float[rows.x.length];

    rows.norm.forward(
        FloatBuffer.wrap(rows.x),
        FloatBuffer.wrap(y),
        rows.segment.from(),
        rows.segment.to(),
        rows.means,
        rows.inverses,
        rows.scales,
        rows.shifts,
        rows.at);

    for (int j = 0; j < rows.columns; j++) {
      double mean = rows.mean(j);
      double deviation = Math.sqrt(rows.variance(j) + EPSILON);
      for (int row = 0; row < y.length / rows.columns; row++) {
        int i = row * rows.columns + j;
        boolean inside = row >= rows.segment.from() && row < rows.segment.to();
        double expected =
            (rows.x[i] - mean) / deviation * rows.scales[rows.at + j] + rows.shifts[rows.at + j];
        assertThat(y[i]).isCloseTo(inside ? (float) expected : 0, within(1e-4f));
      }
    }
  }

  @Test
  void backwardIsTheDerivative() {
    for (boolean own : new boolean[] {true, false}) {
      Rows rows = new Rows();
      FloatBuffer x = FloatBuffer.wrap(rows.x);
      FloatBuffer dy = FloatBuffer.wrap(rows.dy);
      float[] dx = new float[rows.x.length];
      float[] meanGradients = new float[rows.scales.length];
      float[] meanProducts = new float[rows.scales.length];
      int from = rows.segment.from();
      int to = rows.segment.to();

      GradientSums sums = rows.norm.sums(x, dy, from, 1500, rows.means, rows.at);
      sums.add(rows.norm.sums(x, dy, 1500, to, rows.means, rows.at));

      int count = rows.segment.rows();
      for (int j = 0; j < rows.columns; j++) {
        int column = j;
        double mean = rows.mean(j);
        double ofGradients = rows.sum(row -> rows.dy[row * rows.columns + column]);
        double ofProducts =
            rows.sum(
                row ->
                    rows.dy[row * rows.columns + column]
                        * (rows.x[row * rows.columns + column] - mean));
        assertThat(sums.ofGradients(j)).isCloseTo(ofGradients, within(1e-2));
        assertThat(sums.ofProducts(j)).isCloseTo(ofProducts, within(5e-2));
        if (own) {
          float inverse = rows.inverses[rows.at + j];
          meanGradients[rows.at + j] = (float) (ofGradients / count);
          meanProducts[rows.at + j] = (float) (ofProducts / count * inverse * inverse);
        }
      }
      rows.norm.backward(
          x,
          dy,
          FloatBuffer.wrap(dx),
          from,
          to,
          rows.means,
          rows.inverses,
          rows.scales,
          meanGradients,
          meanProducts,
          rows.at);

      for (int j = 0; j < rows.columns; j++) {
        int column = j;
        double mean = rows.mean(j);
        double inverse = 1 / Math.sqrt(rows.variance(j) + EPSILON);
        double dShift = rows.sum(row -> rows.dy[row * rows.columns + column]);
        double dScale =
            rows.sum(
                row ->
                    rows.dy[row * rows.columns + column]
                        * (rows.x[row * rows.columns + column] - mean)
                        * inverse);
        for (int row = from; row < to; row++) {
          int i = row * rows.columns + j;
          double normalised = (rows.x[i] - mean) * inverse;
          double through = own ? dShift / count + normalised * dScale / count : 0;
          double expected = rows.scales[rows.at + j] * inverse * (rows.dy[i] - through);
          assertThat(dx[i]).isCloseTo((float) expected, within(1e-4f));
        }
      }
      assertThat(dx[from * rows.columns - 1]).isZero();
      assertThat(dx[to * rows.columns]).isZero();
    }
  }
}
