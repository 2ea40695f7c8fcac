package org.llm4msr.runtime.knowledge.history;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.GivenPast;
import org.llm4msr.runtime.tables.Workers;

/**
 * Fills the numbers of {@link HistoryLayout} for batches of rows. They have no gradient: vectors
 * and events are fixed. For one thread at a time; workers share the rows, and the result does not
 * depend on how many they are.
 */
public final class HistoryFeatures {

  private static final int GRAIN = 64;

  private final ModelHistory history;
  private final Workers workers;
  private final List<Desk> desks;

  /** Makes what fills batches. */
  public HistoryFeatures(ModelHistory history, Workers workers) {
    this.history = history;
    this.workers = workers;
    desks = IntStream.range(0, workers.threads()).mapToObj(worker -> new Desk()).toList();
  }

  /**
   * Fills the numbers of the rows of a batch, each of which reads its own past. A row whose item
   * has no vector has zeros.
   *
   * @param target at least (B, {@link HistoryLayout#width}), row after row from index 0
   */
  public void fill(Batch batch, FloatBuffer target) {
    HistoryLayout layout = history.layout();
    int width = layout.width();
    workers.range(
        batch.size,
        GRAIN,
        (worker, from, to) -> {
          Desk desk = desks.get(worker);
          for (int label = 0; label < layout.labels(); label++) {
            EventLog log = history.logs().get(label);
            // One thing for all rows, then the next, so that a processor fetches for several.
            for (int row = from; row < to; row++) {
              desk.ends[row - from] = log.end(batch.user[row], batch.time[row]);
            }
            for (int row = from; row < to; row++) {
              desk.fetched += log.fetch(batch.user[row], desk.ends[row - from], layout.length());
            }
            for (int row = from; row < to; row++) {
              desk.read(batch, row, label, log, desk.ends[row - from]);
              int at = (row - from) * width + label * layout.widthOfLabel();
              desk.write(batch, row, at);
            }
          }
          target.put(from * width, desk.block, 0, (to - from) * width);
        });
  }

  /** The scratch memory of one worker. */
  private final class Desk {
    private final PastEvents past = new PastEvents(history.layout().length());
    private final Similarities similarities = new Similarities(history.vectors(), history.layout());
    private final float[] block = new float[GRAIN * history.layout().width()];
    private final int[] ends = new int[GRAIN];
    private int fetched; // As of Similarities.

    void read(Batch batch, int row, int label, EventLog log, int end) {
      GivenPast given = batch.pasts == null ? null : batch.pasts[row];
      if (given == null) {
        log.read(batch.user[row], end, batch.part, batch.group[row], past);
      } else {
        past.take(given, label == 0);
      }
    }

    void write(Batch batch, int row, int at) {
      float[] brought = batch.itemVectors == null ? null : batch.itemVectors[row];
      float[] given = brought == null ? null : history.unit(brought);
      similarities.write(batch.item[row], given, batch.scenario[row], past, block, at);
    }
  }
}
