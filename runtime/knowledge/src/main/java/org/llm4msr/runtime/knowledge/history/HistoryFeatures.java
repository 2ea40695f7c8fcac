package org.llm4msr.runtime.knowledge.history;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.tables.Workers;

/**
 * Fills the numbers of {@link HistoryLayout} for batches of rows. They have no gradient: vectors
 * and events are fixed. For one thread at a time; workers share the rows, and the result does not
 * depend on how many they are.
 */
public final class HistoryFeatures {

  private static final int GRAIN = 64;

  private final ItemVectors vectors;
  private final List<EventLog> logs;
  private final HistoryLayout layout;
  private final Workers workers;
  private final List<Desk> desks;

  /**
   * Makes what fills batches.
   *
   * @param logs the positives; then the negatives if the layout has them
   */
  public HistoryFeatures(
      ItemVectors vectors, List<EventLog> logs, HistoryLayout layout, Workers workers) {
    if (logs.size() != layout.labels()) {
      throw new IllegalArgumentException(
          "%s needs %d logs, not %d".formatted(layout, layout.labels(), logs.size()));
    }
    this.vectors = vectors;
    this.logs = List.copyOf(logs);
    this.layout = layout;
    this.workers = workers;
    desks = IntStream.range(0, workers.threads()).mapToObj(worker -> new Desk()).toList();
  }

  /**
   * Fills the numbers of some rows, each of which reads its own past. A row whose item has no
   * vector has zeros.
   *
   * @param part of all rows
   * @param rows B
   * @param users indices (at least B)
   * @param items indices (at least B)
   * @param scenarios ranks (at least B)
   * @param times in milliseconds since 1970 (at least B); the smallest number of a row without one,
   *     which has no past
   * @param target at least (B, {@link HistoryLayout#width}), row after row from index 0
   */
  public void fill(
      Split part,
      int rows,
      int[] users,
      int[] items,
      int[] scenarios,
      long[] times,
      FloatBuffer target) {
    int width = layout.width();
    workers.range(
        rows,
        GRAIN,
        (worker, from, to) -> {
          Desk desk = desks.get(worker);
          for (int label = 0; label < logs.size(); label++) {
            EventLog log = logs.get(label);
            // Apart from the rest, so that the memory of several rows is fetched at a time.
            for (int row = from; row < to; row++) {
              desk.ends[row - from] = log.end(users[row], times[row]);
            }
            for (int row = from; row < to; row++) {
              log.read(users[row], desk.ends[row - from], part, desk.past);
              int at = (row - from) * width + label * layout.widthOfLabel();
              desk.similarities.write(items[row], scenarios[row], desk.past, desk.block, at);
            }
          }
          target.put(from * width, desk.block, 0, (to - from) * width);
        });
  }

  /** The scratch memory of one worker. */
  private final class Desk {
    private final PastEvents past = new PastEvents(layout.length());
    private final Similarities similarities = new Similarities(vectors, layout);
    private final float[] block = new float[GRAIN * layout.width()];
    private final int[] ends = new int[GRAIN];
  }
}
