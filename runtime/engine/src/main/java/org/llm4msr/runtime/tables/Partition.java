package org.llm4msr.runtime.tables;

/**
 * Which rows of tables are one worker's, by a hash of their numbers: of each N consecutive rows,
 * one falls to each of N workers, and the hash says in which order. So all have as many, and a
 * worker finds its rows without an index.
 *
 * @param rank of the worker, from 0
 * @param workers N; 1 where a worker has all rows
 */
public record Partition(int rank, int workers) {

  /** All rows are one worker's. */
  public static final Partition WHOLE = new Partition(0, 1);

  /** Returns whose a row is. */
  public int owner(int row) {
    return (row % workers + shift(row / workers)) % workers;
  }

  /** Returns the number of a row among its owner's. */
  public int local(int row) {
    return row / workers;
  }

  /** Returns the row with a number among this worker's; it may come after the table's last. */
  long row(int local) {
    return (long) local * workers + Math.floorMod(rank - shift(local), workers);
  }

  /** Returns how many rows this worker has room for, of so many. */
  int room(int rows) {
    return (int) (((long) rows + workers - 1) / workers);
  }

  /** Multiplicative hashing (Knuth). */
  private int shift(int block) {
    return ((block * 0x9E3779B9) >>> 8) % workers;
  }
}
