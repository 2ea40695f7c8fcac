package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.report.LineChart.Point;
import org.llm4msr.runtime.report.LineChart.Series;

class SeriesTest {

  @Test
  void meanIsTakenWhereAllLinesHaveAValue() {
    Series first =
        new Series(
            "first", List.of(new Point(20, 0.5), new Point(40, 0.75), new Point(60, Double.NaN)));
    Series second =
        new Series(
            "second",
            List.of(
                new Point(20, 9), new Point(20, 0.25), new Point(40, 0.25), new Point(60, 0.5)));

    assertThat(Series.mean("mean", List.of(first, second)))
        .isEqualTo(new Series("mean", List.of(new Point(20, 0.375), new Point(40, 0.5))));
  }
}
