package org.llm4msr.runtime.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.MsrException;

/** What holds for every metric of the list. */
class MetricListTest {

  private static final int USERS = 12;

  private record Row(int user, float score, boolean positive) {}

  static Stream<Metric> all() {
    return MetricList.STANDARD.metrics().stream();
  }

  /** Parts are cut where the metric's order lets them: between scores, between users, anywhere. */
  @ParameterizedTest
  @MethodSource("all")
  void statesOfPartsMergeToThatOfAllRows(Metric metric) {
    List<Row> rows = rows();
    Metric.State whole = filled(metric, rows);
    Metric.State merged = metric.newState();
    for (int part = 0; part < 4; part++) {
      int wanted = part;
      List<Row> own = rows.stream().filter(row -> part(metric.order(), row) == wanted).toList();
      merged.merge(filled(metric, own));
    }

    Figures expected = new Figures();
    whole.write(expected);
    Figures actual = new Figures();
    merged.write(actual);
    assertThat(actual.values().keySet()).isEqualTo(expected.values().keySet());
    assertThat(expected.values().get(metric.name())).isInstanceOf(Double.class);
    expected
        .values()
        .forEach(
            (key, value) -> {
              if (value instanceof Double number) {
                assertThat((Double) actual.values().get(key)).isCloseTo(number, within(1e-12));
              } else {
                assertThat(actual.values().get(key)).isEqualTo(value);
              }
            });
  }

  private static int part(Metric.Order order, Row row) {
    return switch (order) {
      case ANY -> Math.floorMod(row.hashCode(), 4);
      case SCORE -> Math.min(3, (int) (row.score * 4));
      case USER -> row.user * 4 / USERS;
    };
  }

  /** Few distinct scores, so that many are tied. */
  private static List<Row> rows() {
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rows.add(new Row(random.nextInt(USERS), random.nextInt(11) / 10f, random.nextInt(3) == 0));
    }
    rows.sort(Comparator.comparingDouble(Row::score));
    return rows;
  }

  private static Metric.State filled(Metric metric, List<Row> rows) {
    Metric.State state = metric.newState();
    if (metric.order() != Metric.Order.USER) {
      rows.forEach(row -> state.add(row.score, row.positive));
      return state;
    }
    for (int user = 0; user < USERS; user++) {
      int wanted = user;
      List<Row> own = rows.stream().filter(row -> row.user == wanted).toList();
      if (!own.isEmpty()) {
        own.forEach(row -> state.add(row.score, row.positive));
        state.endUser();
      }
    }
    return state;
  }

  @Test
  void anUnknownNameIsRefusedWithTheList() {
    assertThatThrownBy(() -> MetricList.STANDARD.required("guac", "training.monitor"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith(
            "[evaluation/UNKNOWN_METRIC] The key 'training.monitor' names the metric 'guac', which"
                + " does not exist. Did you mean gauc? Choose one of auc, gauc, logLoss,"
                + " calibrationError");
  }

  @Test
  void twoMetricsOfOneNameAreRefused() {
    assertThatThrownBy(() -> MetricList.STANDARD.with(List.of(new LogLoss())))
        .hasMessageContaining("[evaluation/METRIC] Two metrics have the same name, among auc,");
  }

  @Test
  void aFigureIsWrittenOnce() {
    Figures figures = new Figures().number("auc", .5);

    assertThatThrownBy(() -> figures.count("auc", 1))
        .hasMessageContaining("[evaluation/METRIC] Two metrics write the figure 'auc'");
    assertThatThrownBy(() -> figures.count("rows", 1)).hasMessageContaining("'rows'");
  }
}
