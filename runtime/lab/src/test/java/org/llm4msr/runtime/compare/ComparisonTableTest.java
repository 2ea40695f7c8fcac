package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.Controls.Reading;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.PredictionWriter;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;

/** Which models a table calls better. */
class ComparisonTableTest {

  private static final Metric AUC = MetricList.STANDARD.auc();
  private static final List<String> ONE = List.of("only");
  private static final MeasuredLabel MAIN = new MeasuredLabel(MeasuredLabel.MAIN);
  private static final Cell BASELINE = cell("first", true);
  private static final Cell OTHER = cell("second", false);

  /** Forty rows, a positive and a negative in turn. */
  private static final float[] LABELS = alternating(40, 1, 0);

  private static final float[] RIGHT = alternating(40, .9f, .1f);

  @TempDir Path folder;
  private int number;

  @Test
  void aModelThatOrdersMoreRowsHasAStar() {
    Score score = second(List.of(run(LABELS, mixed(3)), run(LABELS, mixed(5))), RIGHT, RIGHT);

    assertThat(score.difference().sameRows()).isLessThan(0.01);
    assertThat(score.difference().tTest()).isLessThan(0.05);
    assertThat(score.difference().significant()).isTrue();
  }

  /** The difference is the same with both seeds, so that the t-test has no doubt. */
  @Test
  void whatOtherRowsWereMeasuredOnHasNoStar() {
    float[] reversed = alternating(40, 0, 1);
    RunResult other = run(reversed, alternating(40, .9f, .1f));

    Score score = second(List.of(other, other), RIGHT, RIGHT);

    assertThat(score.difference().mean()).isEqualTo(1);
    assertThat(score.difference().tTest()).isZero();
    assertThat(score.difference().sameRows()).isNull();
    assertThat(score.difference().significant()).isFalse();
  }

  @Test
  void negativesThatWereDrawnAnewAreOtherRows() {
    RunResult before = run(LABELS, mixed(3));
    RunResult after = run(LABELS, RIGHT);

    assertThat(second(List.of(before), List.of(after)).difference().significant()).isTrue();
    assertThat(
            second(List.of(drawn(before, "a")), List.of(drawn(after, "b"))).difference().sameRows())
        .isNull();
  }

  private static RunResult drawn(RunResult run, String key) {
    return new RunResult(
        run.name(), run.report(), run.predictions(), List.of(), key, false, run.seconds(), MAIN);
  }

  @Test
  void oneRowOfAClassIsNotEnoughForAStar() {
    float[] onePositive = new float[40];
    onePositive[7] = 1;
    float[] low = new float[40];
    Arrays.fill(low, .5f);
    float[] high = low.clone();
    low[7] = .1f;
    high[7] = .9f;
    RunResult before = run(onePositive, low);
    RunResult after = run(onePositive, high);

    Score score = second(List.of(before, before), List.of(after, after));

    assertThat(score.difference().mean()).isEqualTo(1);
    assertThat(score.difference().sameRows()).isNull();
    assertThat(score.difference().significant()).isFalse();
  }

  /**
   * Each row is of a user of its own. The loss of the better model is -ln .9 in each, that of the
   * other ln 2.
   */
  @Test
  void ofALossTheLowerIsBetterAndItsOwnTestIsMade() {
    float[] half = new float[40];
    Arrays.fill(half, .5f);
    List<@Nullable RunResult> before = List.of(run(LABELS, half));
    List<@Nullable RunResult> after = List.of(run(LABELS, RIGHT));

    List<ComparisonResult.Model> models =
        models(before, after, MetricList.STANDARD.required("logLoss", "metric"));

    Score better = models.get(1).scores().get(1);
    assertThat(better.value()).isCloseTo(-Math.log(.9), within(1e-7));
    assertThat(better.best()).isTrue();
    assertThat(models.get(0).scores().get(1).best()).isFalse();
    assertThat(better.difference().mean()).isCloseTo(-Math.log(1.8), within(1e-7));
    assertThat(better.difference().sameRows()).isLessThan(1e-9);
    assertThat(better.difference().significant()).isTrue();
  }

  /** The calibration error has none. */
  @Test
  void ofAMetricWithoutATestTheSeedsDecide() {
    Metric ece = MetricList.STANDARD.required("calibrationError", "metric");
    RunResult before = run(LABELS, mixed(3));
    RunResult after = run(LABELS, RIGHT);

    Score one = models(List.of(before), List.of(after), ece).get(1).scores().get(1);
    assertThat(one.difference().sameRows()).isNull();
    assertThat(one.difference().significant()).isFalse();
    Score two = models(List.of(before, before), List.of(after, after), ece).get(1).scores().get(1);
    assertThat(two.difference().sameRows()).isNull();
    assertThat(two.difference().significant()).isTrue();
  }

  /** The seed that failed might have been the worse. */
  @Test
  void theBestHasAllSeeds() {
    RunResult right = run(LABELS, RIGHT);
    RunResult worse = run(LABELS, mixed(3));
    List<@Nullable RunResult> halfFailed = new ArrayList<>(Arrays.asList(right, null));

    List<ComparisonResult.Model> models = models(List.of(worse, worse), halfFailed);

    assertThat(models.get(1).scores().get(1).value()).isEqualTo(1);
    assertThat(models.get(1).scores().get(1).best()).isFalse();
    assertThat(models.get(0).scores().get(1).best()).isTrue();
  }

  /**
   * AUCs of three seeds: .5, .5, .5 without knowledge; .8, .9, .85 with it; .6, .65, .6 of its
   * control. The gains are .3, .4, .35 and .1, .15, .1, and their means .35 and .35 / 3. With
   * Student's t of 4.30265 for two degrees of freedom, the rest of .2, .25, .25 has the interval
   * .23333 +- .07171, and Fieller's bounds of the share solve .107073 r^2 - 2 * .033120 r + .008469
   * = 0.
   */
  @Test
  void aControlTellsTheRestOfTheGain() {
    Cell control = new Cell(Path.of("e.yaml"), List.of("c"), List.of(), false, ONE, List.of());
    Cell model = new Cell(Path.of("e.yaml"), ONE, List.of(), false, null, List.of());
    Controls controls = new Controls();
    controls.put(BASELINE, Reading.NOTHING);
    controls.put(model, Reading.KNOWLEDGE);
    controls.put(control, Reading.CONTROL);
    Grid grid = new Grid(List.of("model"), List.of(BASELINE, model, control));
    Map<Cell, List<@Nullable RunResult>> runs =
        Map.of(BASELINE, above(10, 10, 10), model, above(16, 18, 17), control, above(12, 13, 12));

    List<ComparisonResult.Model> models = new ComparisonTable(grid, runs, controls, AUC).models();

    assertThat(models.get(1).scores().get(1).rest()).isNull();
    ComparisonResult.Rest rest = models.get(2).scores().get(1).rest();
    assertThat(rest.knowledge()).isCloseTo(.7 / 3, within(1e-9));
    assertThat(rest.low()).isCloseTo(.161622, within(1e-5));
    assertThat(rest.high()).isCloseTo(.305044, within(1e-5));
    assertThat(rest.share()).isCloseTo(1 / 3., within(1e-9));
    assertThat(rest.shareLow()).isCloseTo(0.180533, within(1e-5));
    assertThat(rest.shareHigh()).isCloseTo(0.438106, within(1e-5));
    assertThat(CellFormat.share(rest)).isEqualTo("33 % (18 to 44)");
    assertThat(models).extracting(ComparisonResult.Model::stillImproving).containsOnly(3);
  }

  /** The scenario that both have is the second of one and the first of the other. */
  @Test
  void scenariosAreFoundByTheirNames() {
    int[] halves = new int[40];
    Arrays.fill(halves, 20, 40, 1);
    float[] rightThenWrong = RIGHT.clone();
    System.arraycopy(alternating(20, .1f, .9f), 0, rightThenWrong, 20, 20);
    RunResult before = run(List.of("feed", "search"), halves, LABELS, rightThenWrong);
    RunResult after = run(List.of("home", "feed"), halves, LABELS, rightThenWrong);
    Grid grid = new Grid(List.of("model"), List.of(BASELINE, OTHER));

    ComparisonTable table =
        new ComparisonTable(
            grid, Map.of(BASELINE, List.of(before), OTHER, List.of(after)), new Controls(), AUC);

    assertThat(table.headings())
        .extracting(ComparisonResult.Column::name)
        .containsExactly("feed", "search", "home", "overall");
    assertThat(table.models().get(0).scores())
        .extracting(Score::value)
        .containsExactly(1.0, 0.0, null, 0.5);
    assertThat(table.models().get(1).scores())
        .extracting(Score::value)
        .containsExactly(0.0, null, 1.0, 0.5);
  }

  /** Returns runs whose AUC is the share of the 20 positives that is above all negatives. */
  private List<@Nullable RunResult> above(int... positives) {
    return Arrays.stream(positives)
        .<@Nullable RunResult>mapToObj(
            count -> {
              float[] scores = new float[40];
              Arrays.fill(scores, .5f);
              for (int i = 0; i < 20; i++) {
                scores[2 * i] = i < count ? .9f : .1f;
              }
              return run(LABELS, scores);
            })
        .toList();
  }

  private Score second(List<@Nullable RunResult> before, float[] first, float[] other) {
    return second(before, List.of(run(LABELS, first), run(LABELS, other)));
  }

  private static Score second(List<@Nullable RunResult> before, List<@Nullable RunResult> after) {
    return models(before, after).get(1).scores().get(1);
  }

  private static List<ComparisonResult.Model> models(
      List<@Nullable RunResult> before, List<@Nullable RunResult> after) {
    return models(before, after, AUC);
  }

  private static List<ComparisonResult.Model> models(
      List<@Nullable RunResult> before, List<@Nullable RunResult> after, Metric metric) {
    Grid grid = new Grid(List.of("model"), List.of(BASELINE, OTHER));
    return new ComparisonTable(grid, Map.of(BASELINE, before, OTHER, after), new Controls(), metric)
        .models();
  }

  private static Cell cell(String label, boolean baseline) {
    return new Cell(Path.of("e.yaml"), List.of(label), List.of(), baseline, null, List.of());
  }

  private static float[] alternating(int rows, float even, float odd) {
    float[] values = new float[rows];
    for (int i = 0; i < rows; i++) {
      values[i] = i % 2 == 0 ? even : odd;
    }
    return values;
  }

  /** Scores that have little to do with the labels. */
  private static float[] mixed(int step) {
    float[] values = new float[40];
    for (int i = 0; i < 40; i++) {
      values[i] = i * step % 7 / 8f;
    }
    return values;
  }

  /** Returns a run on rows of one scenario, each of a user of its own. */
  private RunResult run(float[] label, float[] probability) {
    return run(ONE, new int[label.length], label, probability);
  }

  private RunResult run(
      List<String> scenarios, int[] scenario, float[] label, float[] probability) {
    int n = label.length;
    int[] user = new int[n];
    Arrays.setAll(user, i -> i);
    Path predictions = folder.resolve(number++ + ".arrow");
    try (PredictionWriter writer =
            new PredictionWriter(predictions, scenarios, RecordedStages.KEYS, false);
        Evaluator evaluator = new Evaluator(scenarios)) {
      writer.add(n, LongStream.range(0, n).toArray(), user, scenario, label, probability);
      writer.finish();
      evaluator.add(n, scenario, user, label, probability);
      EvaluationReport report =
          new EvaluationReport(
              folder,
              "test",
              scenarios,
              evaluator.result(),
              null,
              List.of(),
              null,
              true,
              false,
              false);
      return new RunResult("run", report, predictions, List.of(), "", true, Double.NaN, MAIN);
    }
  }
}
