package org.llm4msr.runtime.knowledge.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.GivenPast;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLog;
import org.llm4msr.runtime.knowledge.past.RandomLog;
import org.llm4msr.runtime.knowledge.past.RandomLog.Row;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.Workers;

class HistoryFeaturesTest {

  private static final Set<Split> ALL = EnumSet.allOf(Split.class);

  private static float[] fill(
      HistoryLayout layout, RandomLog log, UnitVectors vectors, List<Row> rows, int threads) {
    List<EventLog> logs = new ArrayList<>();
    logs.add(EventLog.load(log.of(ALL), RandomLog.USERS, true));
    if (layout.negatives()) {
      logs.add(EventLog.load(log.of(ALL), RandomLog.USERS, false));
    }
    float[] numbers = new float[rows.size() * layout.width()];
    try (Workers workers = new Workers(threads)) {
      HistoryFeatures features =
          new HistoryFeatures(
              new ModelHistory(vectors, logs, layout, UnaryOperator.identity()), workers);
      for (Split part : Split.values()) {
        List<Row> own = rows.stream().filter(row -> row.part() == part).toList();
        float[] some = new float[own.size() * layout.width()];
        features.fill(batch(part, own), FloatBuffer.wrap(some));
        for (int r = 0; r < own.size(); r++) {
          int at = rows.indexOf(own.get(r)) * layout.width();
          System.arraycopy(some, r * layout.width(), numbers, at, layout.width());
        }
      }
    }
    return numbers;
  }

  private static Batch batch(Split part, List<Row> rows) {
    Batch batch = new Batch(rows.size(), List.of());
    batch.size = rows.size();
    batch.part = part.number();
    for (int r = 0; r < rows.size(); r++) {
      batch.user[r] = rows.get(r).user();
      batch.item[r] = rows.get(r).item();
      batch.scenario[r] = rows.get(r).scenario();
      batch.time[r] = rows.get(r).time();
      batch.group[r] = rows.get(r).group();
    }
    return batch;
  }

  /**
   * Vectors (3, 4), (4, 3), (-8, 6), (0, -2), none, and zeros: with the first, whose direction is
   * (.6, .8), the second has cosine .48 + .48 = .96, the third -.48 + .48 = 0, the fourth -.8.
   */
  private static UnitVectors sixItems() {
    BitSet known = new BitSet();
    known.set(0, 6);
    known.clear(4);
    return new UnitVectors(new float[] {3, 4, 4, 3, -8, 6, 0, -2, 9, 9, 0, 0}, 2, known);
  }

  /** In units of 1/sqrt(2). */
  private static float cosine(double cosine) {
    return (float) (cosine * Math.sqrt(2));
  }

  private static final RandomLog WORKED =
      new RandomLog(
          List.of(
              new Row(Split.TRAIN, 0, 0, 1, true, 1), // Too old: there are six newer ones.
              new Row(Split.TRAIN, 0, 1, 1, true, 2),
              new Row(Split.TRAIN, 0, 2, 1, true, 3),
              new Row(Split.TRAIN, 0, 3, 1, true, 4),
              new Row(Split.TRAIN, 0, 1, 1, true, 5),
              new Row(Split.TRAIN, 0, 3, 2, true, 6),
              new Row(Split.TRAIN, 0, 4, 1, true, 7), // No vector, but one of the six.
              new Row(Split.TRAIN, 0, 2, 2, false, 7),
              new Row(Split.TRAIN, 0, 5, 2, false, 8), // No direction.
              new Row(Split.TRAIN, 0, 0, 1, true, 9),
              new Row(Split.TRAIN, 1, 0, 1, true, 9),
              new Row(Split.TRAIN, 1, 5, 1, true, 10)));

  /** Cosines of the own scenario: .96, 0, -.8, .96; of the other one -.8; of negatives 0. */
  @Test
  void numbersAreThoseWorkedByHand() {
    HistoryLayout layout = new HistoryLayout(6, 4, true, true);
    float[] numbers = fill(layout, WORKED, sixItems(), List.of(WORKED.rows().get(9)), 1);
    assertThat(layout.names())
        .startsWith("positives.own.any", "positives.own.mean", "positives.own.top3")
        .contains("positives.other.max", "negatives.own.bin1")
        .endsWith("negatives.other.bin3", "negatives.other.bin4")
        .doesNotHaveDuplicates()
        .hasSize(layout.width());
    float bin = 4 / 6f;
    assertThat(numbers)
        .containsExactly(
            new float[] {
              1,
              cosine(0.28),
              cosine(0.64),
              cosine(0.96),
              bin,
              0,
              bin,
              2 * bin, //
              1,
              cosine(-0.8),
              cosine(-0.8),
              cosine(-0.8),
              bin,
              0,
              0,
              0, //
              0,
              0,
              0,
              0,
              0,
              0,
              0,
              0, //
              1,
              0,
              0,
              0,
              0,
              0,
              bin,
              0
            },
            within(1e-6f));
  }

  @Test
  void scenariosMayBeTogetherAndNegativesLeftOut() {
    HistoryLayout layout = new HistoryLayout(6, 2, false, false);
    float[] numbers = fill(layout, WORKED, sixItems(), List.of(WORKED.rows().get(9)), 1);
    assertThat(layout.names())
        .containsExactly(
            "positives.any",
            "positives.mean",
            "positives.top3",
            "positives.max",
            "positives.bin1",
            "positives.bin2");
    assertThat(numbers)
        .containsExactly(
            new float[] {1, cosine(0.064), cosine(0.64), cosine(0.96), 4 / 6f, 1}, within(1e-6f));
  }

  @Test
  void withoutEventsOrWithoutAVectorThereAreZeros() {
    HistoryLayout layout = new HistoryLayout(6, 4, true, true);
    List<Row> rows = List.of(WORKED.rows().get(0), WORKED.rows().get(10), WORKED.rows().get(11));
    assertThat(fill(layout, WORKED, sixItems(), rows, 1)).containsOnly(0);
  }

  /** The user's own past is (4, 3) twice; the row brings (0, -2) of the other scenario alone. */
  @Test
  void aPastAndAVectorThatCameWithTheRowReplaceThoseOfTheLog() {
    HistoryLayout layout = new HistoryLayout(6, 2, true, false);
    Batch batch = batch(Split.TEST, List.of(WORKED.rows().get(9), WORKED.rows().get(9)));
    batch.pasts = new GivenPast[2];
    batch.pasts[0] =
        new GivenPast(new int[] {3, 1}, new int[] {-1, 1}, new boolean[] {true, false});
    batch.itemVectors = new float[][] {null, {-6, -8}};
    float[] numbers = new float[2 * layout.width()];
    try (Workers workers = new Workers(1)) {
      EventLog log = EventLog.load(WORKED.of(ALL), RandomLog.USERS, true);
      new HistoryFeatures(
              new ModelHistory(sixItems(), List.of(log), layout, UnaryOperator.identity()), workers)
          .fill(batch, FloatBuffer.wrap(numbers));
    }
    assertThat(numbers)
        .containsExactly(
            new float[] {
              0,
              0,
              0,
              0,
              0,
              0, //
              1,
              cosine(-0.8),
              cosine(-0.8),
              cosine(-0.8),
              2 / 6f,
              0, //
              // Against the first vector all cosines have the other sign.
              1,
              cosine(-0.28),
              cosine(-0.16 / 3),
              cosine(0.8),
              4 / 6f,
              4 / 6f, //
              1,
              cosine(0.8),
              cosine(0.8),
              cosine(0.8),
              0,
              2 / 6f
            },
            within(1e-6f));
  }

  /** Kept numbers are recognised by their user, who is another one when a row comes again. */
  @Test
  void numbersOfARowAreComputedOnceAsFarAsThereIsRoom() {
    HistoryLayout layout = new HistoryLayout(6, 2, true, false);
    EventLog log = EventLog.load(WORKED.of(ALL), RandomLog.USERS, true);
    ModelHistory history =
        new ModelHistory(sixItems(), List.of(log), layout, UnaryOperator.identity());
    long oneBlock = 16_384L * layout.width() * Float.BYTES;
    Row row = WORKED.rows().get(9);
    Row ofAnother = new Row(Split.TRAIN, 2, 0, 1, true, 9); // Who has no past.
    float[] read = fill(layout, WORKED, sixItems(), List.of(row), 1);
    float[] none = new float[layout.width()];
    try (Workers workers = new Workers(2)) {
      HistoryFeatures features = HistoryFeatures.keeping(history, workers, oneBlock, false);
      assertThat(ofRows(features, row, Split.TRAIN, 3, 16_384)).containsExactly(join(read, read));
      assertThat(ofRows(features, ofAnother, Split.TRAIN, 3, 16_384, 4))
          .containsExactly(join(read, none, none));
      assertThat(ofRows(features, row, Split.TRAIN, 4)).containsExactly(none);
      assertThat(ofRows(features, ofAnother, Split.VALIDATION, 3)).containsExactly(none);
    }
  }

  /** Some users have fewer rows, some have more events, than are multiplied together. */
  @Test
  void rowsOfAUserTogetherHaveTheNumbersThatTheyHaveAlone() {
    HistoryLayout layout = new HistoryLayout(4, 3, true, true);
    RandomLog log = RandomLog.of(11, 600, 60, false);
    UnitVectors vectors = randomItems(12);
    List<EventLog> logs =
        List.of(
            EventLog.load(log.of(ALL), RandomLog.USERS, true),
            EventLog.load(log.of(ALL), RandomLog.USERS, false));
    ModelHistory history = new ModelHistory(vectors, logs, layout, UnaryOperator.identity());
    List<Row> rows =
        log.rows().stream()
            .filter(row -> row.part() == Split.VALIDATION)
            .sorted(Comparator.comparing(Row::user))
            .toList();
    float[] alone = new float[rows.size() * layout.width()];
    float[] together = alone.clone();
    assumeThat(TestEngine.hasMkl()).isTrue();
    try (Workers workers = new Workers(2)) {
      Batch batch = batch(Split.VALIDATION, rows);
      Arrays.setAll(batch.row, row -> row);
      new HistoryFeatures(history, workers).fill(batch, FloatBuffer.wrap(alone));
      HistoryFeatures keeping = HistoryFeatures.keeping(history, workers, Long.MAX_VALUE, true);
      keeping.fill(batch, FloatBuffer.wrap(together));
      assertThat(together).containsExactly(alone, within(1e-5f));
      Arrays.fill(together, -1);
      keeping.fill(batch, FloatBuffer.wrap(together));
      assertThat(together).containsExactly(alone, within(1e-5f));
    }
  }

  private static UnitVectors randomItems(int dimension) {
    SplittableRandom random = new SplittableRandom(5);
    float[] values = new float[RandomLog.ITEMS * dimension];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    BitSet known = new BitSet();
    known.set(3, RandomLog.ITEMS);
    return new UnitVectors(values, dimension, known);
  }

  private static float[] ofRows(HistoryFeatures features, Row row, Split part, long... numbers) {
    Batch batch = batch(part, Collections.nCopies(numbers.length, row));
    System.arraycopy(numbers, 0, batch.row, 0, numbers.length);
    float[] filled = new float[numbers.length * new HistoryLayout(6, 2, true, false).width()];
    features.fill(batch, FloatBuffer.wrap(filled));
    return filled;
  }

  private static float[] join(float[]... arrays) {
    FloatBuffer joined = FloatBuffer.allocate(arrays.length * arrays[0].length);
    for (float[] array : arrays) {
      joined.put(array);
    }
    return joined.array();
  }

  /** In double precision, from the raw vectors. */
  @ParameterizedTest
  @ValueSource(ints = {1, 37, 130})
  void numbersAreThoseOfAnotherImplementationWhateverTheThreads(int dimension) {
    SplittableRandom random = new SplittableRandom(9);
    float[] matrix = new float[RandomLog.ITEMS * dimension];
    BitSet known = new BitSet();
    for (int item = 0; item < RandomLog.ITEMS; item++) {
      known.set(item, random.nextInt(5) > 0);
      for (int d = 0; d < dimension; d++) {
        matrix[item * dimension + d] = (float) (random.nextDouble(-1, 3) * (1 + item));
      }
    }
    UnitVectors vectors = new UnitVectors(matrix.clone(), dimension, known);
    for (boolean byTime : new boolean[] {true, false}) {
      RandomLog log = RandomLog.of(3, 1_500, 200, byTime);
      List<Row> rows = List.copyOf(new LinkedHashSet<>(log.rows()));
      HistoryLayout layout = new HistoryLayout(20, 10, true, true);
      float[] numbers = fill(layout, log, vectors, rows, 1);
      assertThat(fill(layout, log, vectors, rows, 2)).isEqualTo(numbers);
      assertThat(fill(layout, log, vectors, rows, 5)).isEqualTo(numbers);
      for (int r = 0; r < rows.size(); r++) {
        double[] expected = expected(layout, log, rows.get(r), matrix, dimension, known);
        for (int n = 0; n < expected.length; n++) {
          assertThat((double) numbers[r * layout.width() + n])
              .as("%s: %s", rows.get(r), layout.names().get(n))
              .isCloseTo(expected[n], within(1e-5));
        }
      }
    }
  }

  private static double[] expected(
      HistoryLayout layout, RandomLog log, Row own, float[] matrix, int dimension, BitSet known) {
    double[] numbers = new double[layout.width()];
    for (int group = 0; group < 4 && known.get(own.item()); group++) {
      List<Double> cosines = new ArrayList<>();
      for (Row past : log.past(own, ALL, group < 2, layout.length())) {
        boolean inGroup = (past.scenario() == own.scenario()) == (group % 2 == 0);
        if (inGroup && known.get(past.item())) {
          double cosine = product(matrix, dimension, own.item(), past.item());
          cosine /= Math.sqrt(product(matrix, dimension, own.item(), own.item()));
          cosine /= Math.sqrt(product(matrix, dimension, past.item(), past.item()));
          cosines.add(cosine);
        }
      }
      if (cosines.isEmpty()) {
        continue;
      }
      cosines.sort(Collections.reverseOrder());
      int at = group * (4 + layout.bins());
      numbers[at] = 1;
      double unit = 1 / Math.sqrt(dimension);
      numbers[at + 1] = mean(cosines) / unit;
      numbers[at + 2] = mean(cosines.subList(0, Math.min(3, cosines.size()))) / unit;
      numbers[at + 3] = cosines.get(0) / unit;
      for (double cosine : cosines) {
        double tier = Math.floor((cosine + 1) / 2 * layout.bins());
        numbers[at + 4 + (int) Math.min(tier, layout.bins() - 1)] +=
            (double) layout.bins() / layout.length();
      }
    }
    return numbers;
  }

  private static double product(float[] matrix, int dimension, int a, int b) {
    double sum = 0;
    for (int d = 0; d < dimension; d++) {
      sum += (double) matrix[a * dimension + d] * matrix[b * dimension + d];
    }
    return sum;
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  @Test
  void aLayoutWithNegativesNeedsTheirLog() {
    EventLog log = EventLog.load(WORKED.of(ALL), RandomLog.USERS, true);
    HistoryLayout layout = new HistoryLayout(6, 4, true, true);
    assertThatThrownBy(
            () -> new ModelHistory(sixItems(), List.of(log), layout, UnaryOperator.identity()))
        .hasMessageContaining("needs 2 logs, not 1");
  }
}
