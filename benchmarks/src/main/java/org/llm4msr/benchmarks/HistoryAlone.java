package org.llm4msr.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.knowledge.history.HistoryFeatures;
import org.llm4msr.runtime.knowledge.history.HistoryLayout;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.history.UnitVectors;
import org.llm4msr.runtime.knowledge.past.EventLog;
import org.llm4msr.runtime.tables.Workers;

/**
 * The similarities between each row's item and what its user met before, which has enough events
 * for the full length; items are drawn uniformly. They are computed batch by batch, or ahead and
 * user by user; in an epoch after that, kept rows are read in random order. No step.
 */
final class HistoryAlone implements Contender {

  static final int DIMENSION = 64;
  static final int LENGTH = 50;

  private static final int BINS = 10;
  private static final int EVENTS = 100;
  private static final int KEPT_ROWS = 1 << 20;

  /** Rows of a user that have the full length, one for each event after the first 50. */
  private static final int ROWS_OF_USER = 2 * (EVENTS - LENGTH);

  private enum Order {
    BATCH_BY_BATCH,
    USER_BY_USER,
    KEPT
  }

  private final String name;
  private final Workers workers;
  private final Supplier<HistoryFeatures> empty;
  private HistoryFeatures features;
  private final FloatBuffer target;
  private final StepClock clock;
  private final SplittableRandom random = new SplittableRandom(7);
  private final int catalogue;
  private final int users;

  /** Computes batch by batch, where there is no room for all. */
  static HistoryAlone byBatch(
      Setup setup, int threads, int catalogue, boolean negatives, List<Batch> batches) {
    return new HistoryAlone(setup, threads, catalogue, negatives, Order.BATCH_BY_BATCH, batches);
  }

  /** Computes ahead of the first epoch. */
  static HistoryAlone ahead(
      Setup setup, int threads, int catalogue, boolean negatives, List<Batch> batches) {
    Batch own = Batch.like(batches.get(0));
    own.size = Setup.BATCH;
    return new HistoryAlone(setup, threads, catalogue, negatives, Order.USER_BY_USER, List.of(own));
  }

  /** Reads what was computed, positives and negatives. */
  static HistoryAlone kept(Setup setup, int threads, int catalogue, List<Batch> batches) {
    HistoryAlone again = new HistoryAlone(setup, threads, catalogue, true, Order.KEPT, batches);
    Batch batch = Batch.like(batches.get(0));
    batch.size = Setup.BATCH;
    for (int start = 0; start < KEPT_ROWS; start += Setup.BATCH) {
      again.drawRows(batch);
      for (int row = 0; row < batch.size; row++) {
        batch.row[row] = (long) start + row;
      }
      again.features.fill(batch, again.target);
    }
    return again;
  }

  private HistoryAlone(
      Setup setup,
      int threads,
      int catalogue,
      boolean negatives,
      Order order,
      List<Batch> batches) {
    this.catalogue = catalogue;
    name =
        "%,d items%s%s"
            .formatted(
                catalogue,
                negatives ? ", negatives too" : "",
                switch (order) {
                  case BATCH_BY_BATCH -> "";
                  case USER_BY_USER -> ", ahead";
                  case KEPT -> ", kept";
                });
    workers = new Workers(threads);
    HistoryLayout layout = new HistoryLayout(LENGTH, BINS, true, negatives);
    int users = setup.data().users();
    List<EventLog> logs = new ArrayList<>();
    for (boolean positives : negatives ? new boolean[] {true, false} : new boolean[] {true}) {
      logs.add(EventLog.load(rows(users, setup.data().scenarios()), users, positives));
    }
    ModelHistory history = new ModelHistory(vectors(), logs, layout, UnaryOperator.identity());
    empty =
        () ->
            order == Order.BATCH_BY_BATCH
                ? new HistoryFeatures(history, workers)
                : HistoryFeatures.keeping(history, workers, Long.MAX_VALUE, true);
    features = empty.get();
    target = AlignedMemory.floats((long) Setup.BATCH * layout.width()).asFloatBuffer();
    this.users = users;
    clock = new StepClock(batches, order == Order.USER_BY_USER ? this::ahead : this::step);
  }

  /** Every user has a positive and a negative at each time. */
  private LoggedRows rows(int users, int scenarios) {
    return visitor -> {
      SplittableRandom drawn = new SplittableRandom(5);
      for (int event = 0; event < 2 * EVENTS; event++) {
        for (int user = 0; user < users; user++) {
          int item = drawn.nextInt(catalogue);
          int scenario = drawn.nextInt(scenarios);
          visitor.visit(Split.TRAIN, user, item, scenario, event % 2 == 0, event / 2, 0);
        }
      }
    };
  }

  private UnitVectors vectors() {
    float[] matrix = new float[catalogue * DIMENSION];
    SplittableRandom drawn = new SplittableRandom(3);
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = (float) drawn.nextDouble(-1, 1);
    }
    BitSet known = new BitSet();
    known.set(0, catalogue);
    return new UnitVectors(matrix, DIMENSION, known);
  }

  private void step(Batch batch, long number) {
    drawRows(batch);
    features.fill(batch, target);
  }

  private void ahead(Batch batch, long number) {
    if (number * batch.size % KEPT_ROWS == 0) {
      features = empty.get();
    }
    for (int row = 0; row < batch.size; row++) {
      long at = number * batch.size + row;
      batch.row[row] = at % KEPT_ROWS;
      batch.user[row] = (int) (at / ROWS_OF_USER % users);
      batch.item[row] = random.nextInt(catalogue);
      batch.time[row] = LENGTH + at % ROWS_OF_USER / 2;
    }
    features.fill(batch, target);
  }

  private void drawRows(Batch batch) {
    for (int row = 0; row < batch.size; row++) {
      batch.row[row] = random.nextInt(KEPT_ROWS);
      batch.item[row] = random.nextInt(catalogue);
      batch.time[row] = random.nextInt(LENGTH, EVENTS + 1);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long denseParameters() {
    return 0;
  }

  @Override
  public List<StepTime> time(int steps) {
    return clock.time(steps);
  }

  @Override
  public void close() {
    workers.close();
  }
}
