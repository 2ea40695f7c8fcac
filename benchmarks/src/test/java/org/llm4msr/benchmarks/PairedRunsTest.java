package org.llm4msr.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.benchmarks.PairedRuns.Interval;

class PairedRunsTest {

  /**
   * Coverages by hand, as sums of binomial coefficients: for 10, 1 - 2 (1 + 10) / 1024; for 20, 1 -
   * 2 (1 + 20 + 190 + 1140 + 4845 + 15504) / 1048576.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0.0",
    "2, 1, 0.5",
    "3, 1, 0.75",
    "5, 1, 0.9375",
    "6, 1, 0.96875",
    "8, 1, 0.9921875",
    "9, 2, 0.9609375",
    "10, 2, 0.978515625",
    "11, 2, 0.98828125",
    "12, 3, 0.96142578125",
    "15, 4, 0.96484375",
    "20, 6, 0.9586105346679688",
  })
  void theIntervalIsTheNarrowestThatCovers95Percent(int pairs, int first, double coverage) {
    Interval interval = PairedRuns.interval(upTo(pairs));

    assertThat(interval.low()).isEqualTo(first);
    assertThat(interval.high()).isEqualTo(pairs + 1 - first);
    assertThat(interval.coverage()).isCloseTo(coverage, within(1e-12));
  }

  @Test
  void mostPairsStillCover95Percent() {
    Interval interval = PairedRuns.interval(upTo(200));

    assertThat(interval).extracting(Interval::low, Interval::high).containsExactly(86.0, 115.0);
    assertThat(interval.coverage()).isBetween(0.95, 0.97);
  }

  @Test
  void intervalsHoldTheMedianAsOftenAsStated() {
    SplittableRandom random = new SplittableRandom(5);
    int draws = 100_000;
    int held = 0;
    for (int draw = 0; draw < draws; draw++) {
      // The median of the square of a uniform number is a quarter.
      double[] values = random.doubles(10).map(u -> u * u).sorted().toArray();
      Interval interval = PairedRuns.interval(values);
      held += interval.low() <= 0.25 && 0.25 <= interval.high() ? 1 : 0;
    }

    assertThat((double) held / draws).isCloseTo(0.9785, within(0.002));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1.5", "5, 3", "10, 5.5"})
  void medianOfAnEvenNumberIsInTheMiddleOfTwo(int values, double median) {
    assertThat(PairedRuns.median(upTo(values))).isEqualTo(median);
  }

  @Test
  void ratiosAreThoseOfPairsAndNotOfMedians(@TempDir Path folder) throws IOException {
    Map<String, PairedRuns> workloads =
        PairedRuns.read(
            Files.writeString(
                folder.resolve("pairs.tsv"),
                """
                train\tus/row\t10\t11
                train\tus/row\t40\t36
                train\tus/row\t20\t24
                start\ts\t2\t2
                start\ts\t4\t3
                start\ts\t5\t5
                """));

    // Pairs of train: 1.1, 0.9, 1.2, while the medians give 24 / 20.
    assertThat(PairedRuns.table(workloads))
        .isEqualToNormalizingNewlines(
            """
            workload   unit        commit  working tree   ratio  interval of 75.0 %
            train      us/row       20.00         24.00   1.100  0.900 to 1.200
            start      s             4.00          3.00   1.000  0.750 to 1.000
            """);
    assertThat(PairedRuns.above(1.05, workloads))
        .isEqualToNormalizingNewlines("train is slower: 1.100 is above the limit 1.05\n");
    assertThat(PairedRuns.above(1.2, workloads)).isEmpty();
  }

  private static double[] upTo(int last) {
    return IntStream.rangeClosed(1, last).asDoubleStream().toArray();
  }
}
