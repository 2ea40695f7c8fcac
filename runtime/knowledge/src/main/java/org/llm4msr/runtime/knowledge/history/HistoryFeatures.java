package org.llm4msr.runtime.knowledge.history;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.GivenPast;
import org.llm4msr.runtime.knowledge.past.EventLog;
import org.llm4msr.runtime.knowledge.past.PastEvents;
import org.llm4msr.runtime.tables.Workers;

/**
 * Fills the numbers of {@link HistoryLayout} for batches of rows. They have no gradient: vectors
 * and events are fixed. For one thread at a time; workers share the rows, and the result does not
 * depend on how many they are.
 */
public final class HistoryFeatures {

  private static final int GRAIN = 64;

  /** From so many rows of one user on they are multiplied together. */
  private static final int FEW = 4;

  private final ModelHistory history;
  private final Workers workers;
  private final @Nullable KeptNumbers kept;
  private final boolean together;
  private final List<Desk> desks;

  /** Makes what fills batches of any rows. */
  public HistoryFeatures(ModelHistory history, Workers workers) {
    this(history, workers, null, false);
  }

  private HistoryFeatures(
      ModelHistory history, Workers workers, @Nullable KeptNumbers kept, boolean together) {
    this.history = history;
    this.workers = workers;
    this.kept = kept;
    this.together = together;
    desks = IntStream.range(0, workers.threads()).mapToObj(worker -> new Desk()).toList();
  }

  /**
   * Makes what fills batches of one prepared data and computes the numbers of a row once, as far as
   * memory allows.
   *
   * @param bytes of memory at most
   * @param together whether rows of one user that follow one another are multiplied together, which
   *     is faster; the engine must have {@link org.llm4msr.runtime.engine.Mkl}
   */
  public static HistoryFeatures keeping(
      ModelHistory history, Workers workers, long bytes, boolean together) {
    return new HistoryFeatures(
        history, workers, new KeptNumbers(history.layout().width(), bytes), together);
  }

  /** Returns whether there is room for the numbers of all rows of a part. */
  public boolean keeps(long rows) {
    return kept != null && kept.hasRoomFor(rows);
  }

  /**
   * Fills the numbers of the rows of a batch, each of which reads its own past. A row whose item
   * has no vector has zeros.
   *
   * @param target at least (B, {@link HistoryLayout#width}), row after row from index 0
   */
  public void fill(Batch batch, FloatBuffer target) {
    int width = history.layout().width();
    if (kept != null) {
      kept.begin(batch);
    }
    workers.range(
        batch.size,
        GRAIN,
        (worker, from, to) -> {
          Desk desk = desks.get(worker);
          desk.fill(batch, from, to);
          target.put(from * width, desk.block, 0, (to - from) * width);
        });
  }

  /** The scratch memory of one worker. */
  private final class Desk {
    private final PastEvents past = new PastEvents(history.layout().length());
    private final Similarities similarities = new Similarities(history.vectors(), history.layout());
    private final float[] block = new float[GRAIN * history.layout().width()];
    private final int[] fresh = new int[GRAIN];
    private final int[] ends = new int[GRAIN];
    private final int[] items = new int[GRAIN];
    private final @Nullable UserProducts products =
        together ? new UserProducts(history.vectors(), GRAIN, history.layout().length()) : null;

    @SuppressWarnings("UnusedVariable") // As in Similarities.
    private int fetched;

    /** Fills the block. */
    void fill(Batch batch, int from, int to) {
      int width = history.layout().width();
      int count = 0;
      for (int row = from; row < to; row++) {
        if (kept == null || !kept.read(batch, row, block, (row - from) * width)) {
          fresh[count++] = row;
        }
      }
      compute(batch, from, count);
      if (kept != null) {
        for (int i = 0; i < count; i++) {
          kept.keep(batch, fresh[i], block, (fresh[i] - from) * width);
        }
      }
    }

    private void compute(Batch batch, int from, int count) {
      HistoryLayout layout = history.layout();
      for (int label = 0; label < layout.labels(); label++) {
        EventLog log = history.logs().get(label);
        // One thing for all rows, then the next, so that a processor fetches for several.
        for (int i = 0; i < count; i++) {
          ends[i] = log.end(batch.user[fresh[i]], batch.time[fresh[i]]);
        }
        for (int i = 0; i < count; i++) {
          fetched += log.fetch(batch.user[fresh[i]], ends[i], layout.length());
        }
        for (int i = 0, next; i < count; i = next) {
          next = endOfUser(batch, i, count);
          UserProducts multiplied = multiply(batch, log, i, next);
          for (int k = i; k < next; k++) {
            int row = fresh[k];
            int at = (row - from) * layout.width() + label * layout.widthOfLabel();
            read(batch, row, label, log, ends[k]);
            if (multiplied != null && multiplied.hold(past)) {
              similarities.write(
                  batch.item[row], multiplied, k - i, batch.scenario[row], past, block, at);
            } else {
              write(batch, row, at);
            }
          }
        }
      }
    }

    private int endOfUser(Batch batch, int from, int count) {
      int to = from + 1;
      while (to < count && batch.user[fresh[to]] == batch.user[fresh[from]]) {
        to++;
      }
      return to;
    }

    /** Multiplies the rows of one user together if that is worth it; otherwise returns null. */
    private @Nullable UserProducts multiply(Batch batch, EventLog log, int from, int to) {
      if (products == null || to - from < FEW || batch.pasts != null || batch.itemVectors != null) {
        return null;
      }
      int length = history.layout().length();
      int first = Integer.MAX_VALUE;
      int end = ends[from];
      for (int i = from; i < to; i++) {
        items[i - from] = batch.item[fresh[i]];
        first = Math.min(first, log.start(batch.user[fresh[i]], ends[i], length));
        end = Math.max(end, ends[i]);
      }
      return products.multiply(items, to - from, log, first, end) ? products : null;
    }

    private void read(Batch batch, int row, int label, EventLog log, int end) {
      GivenPast given = batch.pasts == null ? null : batch.pasts[row];
      if (given == null) {
        int part = Math.min(batch.part, history.lastPart());
        log.read(batch.user[row], end, part, batch.group[row], past);
      } else {
        past.take(given, label == 0);
      }
    }

    private void write(Batch batch, int row, int at) {
      float[] brought = batch.vector(Level.ITEM, row);
      float[] given = brought == null ? null : history.unit(brought);
      similarities.write(batch.item[row], given, batch.scenario[row], past, block, at);
    }
  }
}
