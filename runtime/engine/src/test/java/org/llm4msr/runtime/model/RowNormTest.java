package org.llm4msr.runtime.model;

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
    Segment rows = new Segment(0, 0, 2);
    FloatBuffer x = FloatBuffer.wrap(new float[] {1, 10, 3, 14});
    float[] means = new float[2];
    float[] variances = new float[2];
    float[] y = new float[4];

    norm.statistics(x, rows, means, variances, 0);
    norm.forward(
        x,
        FloatBuffer.wrap(y),
        rows,
        means,
        new float[] {1, 0.5f},
        new float[] {1, 10},
        new float[] {0, 100},
        0);

    assertThat(means).containsExactly(2, 12);
    assertThat(variances).containsExactly(1, 4);
    assertThat(y).containsExactly(-1, 90, 1, 110);
  }

  /** Large values that hardly differ lose their variance where squares are added up. */
  @Test
  void keepsTheVarianceOfLargeValues() {
    int rows = 10_000;
    FloatBuffer x = FloatBuffer.allocate(rows);
    IntStream.range(0, rows).forEach(row -> x.put(row, 1000 + row % 2));
    float[] means = new float[1];
    float[] variances = new float[1];

    new RowNorm(1).statistics(x, new Segment(0, 0, rows), means, variances, 0);

    assertThat(means[0]).isEqualTo(1000.5f);
    assertThat(variances[0]).isCloseTo(0.25f, within(1e-6f));
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
      norm.statistics(FloatBuffer.wrap(x), segment, means, variances, at);
      for (int j = at; j < at + columns; j++) {
        inverses[j] = (float) (1 / Math.sqrt(variances[j] + EPSILON));
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
    assertThat(rows.means).startsWith(0, 0, 0, 0, 0, 0).endsWith(0, 0, 0);
  }

  @Test
  void forwardWritesTheRowsOfTheSegmentAlone() {
    Rows rows = new Rows();
    float[] y = new float[rows.x.length];

    rows.norm.forward(
        FloatBuffer.wrap(rows.x),
        FloatBuffer.wrap(y),
        rows.segment,
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
      float[] dx = new float[rows.x.length];
      float[] dScales = new float[rows.scales.length];
      float[] dShifts = new float[rows.scales.length];

      rows.norm.backward(
          FloatBuffer.wrap(rows.x),
          FloatBuffer.wrap(rows.dy),
          FloatBuffer.wrap(dx),
          rows.segment,
          rows.means,
          rows.inverses,
          rows.scales,
          own,
          dScales,
          dShifts,
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
        assertThat(dShifts[rows.at + j]).isCloseTo((float) dShift, within(1e-2f));
        assertThat(dScales[rows.at + j]).isCloseTo((float) dScale, within(1e-2f));
        int count = rows.segment.rows();
        for (int row = rows.segment.from(); row < rows.segment.to(); row++) {
          int i = row * rows.columns + j;
          double normalised = (rows.x[i] - mean) * inverse;
          double through = own ? dShift / count + normalised * dScale / count : 0;
          double expected = rows.scales[rows.at + j] * inverse * (rows.dy[i] - through);
          assertThat(dx[i]).isCloseTo((float) expected, within(1e-4f));
        }
      }
      assertThat(dx[rows.segment.from() * rows.columns - 1]).isZero();
      assertThat(dx[rows.segment.to() * rows.columns]).isZero();
    }
  }

  /** The formula of backward against differences of the loss sum(dy y), in double precision. */
  @Test
  void theDerivativeIsThatOfTheFormula() {
    double[] x = {1, 2, 4, 8};
    double[] dy = {1, -2, 0.5, 3};
    float[] dx = new float[4];
    float[] means = new float[1];
    float[] variances = new float[1];
    FloatBuffer floats = FloatBuffer.wrap(new float[] {1, 2, 4, 8});
    Segment rows = new Segment(0, 0, 4);
    RowNorm norm = new RowNorm(1);
    norm.statistics(floats, rows, means, variances, 0);

    norm.backward(
        floats,
        FloatBuffer.wrap(new float[] {1, -2, 0.5f, 3}),
        FloatBuffer.wrap(dx),
        rows,
        means,
        new float[] {(float) (1 / Math.sqrt(variances[0] + EPSILON))},
        new float[] {2},
        true,
        new float[1],
        new float[1],
        0);

    double h = 1e-5;
    for (int i = 0; i < 4; i++) {
      double[] up = x.clone();
      double[] down = x.clone();
      up[i] += h;
      down[i] -= h;
      double slope = (loss(up, dy) - loss(down, dy)) / (2 * h);
      assertThat(dx[i]).isCloseTo((float) slope, within(1e-4f));
    }
  }

  private static double loss(double[] x, double[] dy) {
    double mean = IntStream.range(0, 4).mapToDouble(i -> x[i]).sum() / 4;
    double variance = IntStream.range(0, 4).mapToDouble(i -> Math.pow(x[i] - mean, 2)).sum() / 4;
    return IntStream.range(0, 4)
        .mapToDouble(i -> dy[i] * 2 * (x[i] - mean) / Math.sqrt(variance + EPSILON))
        .sum();
  }
}
