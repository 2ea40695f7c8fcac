package org.llm4msr.runtime.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.tables.Workers;

/**
 * Rows in chunks that stay in a core's cache, each with the parts of the segments that lie in it.
 */
public final class RowChunks {

  /** The numbers of a chunk. */
  private static final int NUMBERS = 1 << 18;

  /**
   * Rows of one group within a chunk.
   *
   * @param index its place among all pieces
   * @param whole whether these are all rows of the group
   */
  public record Piece(int index, int group, int from, int to, boolean whole) {

    public int rows() {
      return to - from;
    }
  }

  private final Workers workers;
  private final int size;
  private final List<Piece> pieces = new ArrayList<>();

  /** Where each chunk ends among the pieces. */
  private final List<Integer> ends = new ArrayList<>();

  /**
   * Cuts rows.
   *
   * @param segments of all rows, in order
   * @param columns numbers a row, of what is read and of what is written
   * @param workers each takes a chunk at a time
   */
  public RowChunks(List<Segment> segments, int columns, Workers workers) {
    this.workers = workers;
    int rows = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).to();
    size = size(rows, Math.max(1, NUMBERS / columns), workers.threads());
    int free = size;
    for (Segment segment : segments) {
      int from = segment.from();
      while (from < segment.to()) {
        int to = Math.min(segment.to(), from + free);
        boolean whole = to - from == segment.rows();
        pieces.add(new Piece(pieces.size(), segment.group(), from, to, whole));
        free -= to - from;
        from = to;
        if (free == 0) {
          ends.add(pieces.size());
          free = size;
        }
      }
    }
    if (free < size) {
      ends.add(pieces.size());
    }
  }

  /** Returns as many rows for each chunk as let all threads finish together. */
  private static int size(int rows, int most, int threads) {
    int rounds = Math.max(1, quotient(rows, most * threads));
    return Math.max(1, quotient(rows, rounds * threads));
  }

  private static int quotient(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  /** Returns the rows of a chunk, at most. */
  public int rows() {
    return size;
  }

  /** Returns all pieces, in the order of the rows. */
  public List<Piece> pieces() {
    return pieces;
  }

  /** Works on all chunks, one thread a chunk. */
  public void run(Consumer<List<Piece>> chunk) {
    workers.range(
        ends.size(),
        1,
        (worker, from, to) ->
            chunk.accept(pieces.subList(from == 0 ? 0 : ends.get(from - 1), ends.get(from))));
  }
}
