package org.llm4msr.runtime.evaluation;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Rows sorted by owner, a user or a group, and then by score, any number in bounded memory. A row
 * is one long: a probability in [0, 1] has float bits below 2^30, which leaves 33 bits for owner
 * and scenario.
 */
final class RowsByOwner implements Closeable {

  /** Bits of a probability. */
  static final int SCORE_BITS = 30;

  private static final int OWNER_AND_SCENARIO_BITS = 33;
  private static final long SCORE_MASK = (1L << SCORE_BITS) - 1;

  private final String owners;
  private final int scenarios;
  private final int scenarioBits;
  private final long mostOwners;
  private final long flip;
  private final LongSorter sorter;

  /** Receives the rows of one owner after the other. */
  interface Visitor {

    /**
     * Reads a row.
     *
     * @param column rank of its scenario, or their number for the rows of all scenarios together
     */
    void row(int column, float score, boolean positive);

    /** Ends the rows of an owner in a column that has some. */
    void end(int column);
  }

  /**
   * Makes one without rows.
   *
   * @param owners what the owners are, for errors
   * @param scenarios their number
   * @param bestFirst whether an owner's rows come by falling score
   * @param scratch as {@link LongSorter} has it
   */
  RowsByOwner(
      String owners, int scenarios, boolean bestFirst, @Nullable Path scratch, int rowsInMemory) {
    this.owners = owners;
    this.scenarios = scenarios;
    scenarioBits = scenarioBits(scenarios);
    mostOwners = 1L << (OWNER_AND_SCENARIO_BITS - scenarioBits);
    flip = bestFirst ? SCORE_MASK : 0;
    sorter = new LongSorter(scratch, rowsInMemory);
  }

  /** Returns the bits that ranks of scenarios need. */
  static int scenarioBits(int scenarios) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(0, scenarios - 1));
  }

  /** Returns the bits of a score, whose order is that of the scores. */
  static long bits(float score) {
    // Adding 0 makes -0 into 0, whose bits are in range.
    return Float.floatToIntBits(score + 0f);
  }

  void add(int owner, int scenario, float score, boolean positive) throws IOException {
    if (owner < 0 || owner >= mostOwners) {
      throw tooMany(owner);
    }
    long row = ((long) owner << SCORE_BITS | (bits(score) ^ flip)) << scenarioBits | scenario;
    // The sign bit belongs to the owner: with it flipped, signed order is unsigned order.
    sorter.add((row << 1 | (positive ? 1 : 0)) ^ Long.MIN_VALUE);
  }

  private MsrException tooMany(int owner) {
    return new MsrException(
        ErrorType.RESOURCES,
        "evaluation/TOO_MANY_" + owners.toUpperCase(Locale.ROOT),
        "Index "
            + owner
            + " of "
            + owners
            + " is beyond what can be evaluated with "
            + scenarios
            + " scenarios: indices must be below "
            + mostOwners
            + ". Evaluate fewer scenarios at a time.");
  }

  /** Visits all rows. More may be added afterwards. */
  void forEach(Visitor visitor) throws IOException {
    Owners visit = new Owners(visitor);
    sorter.forEachSorted(key -> visit.add(key ^ Long.MIN_VALUE));
    visit.end();
  }

  @Override
  public void close() throws IOException {
    sorter.close();
  }

  /** Tells rows of one owner from those of the next. */
  private final class Owners {
    private final Visitor visitor;
    private final boolean[] has = new boolean[scenarios];
    private final int[] touched = new int[scenarios];
    private int touchedCount;
    private long current = -1;

    Owners(Visitor visitor) {
      this.visitor = visitor;
    }

    void add(long key) {
      long owner = key >>> (SCORE_BITS + scenarioBits + 1);
      if (owner != current) {
        end();
        current = owner;
      }
      float score = Float.intBitsToFloat((int) ((key >>> (scenarioBits + 1) & SCORE_MASK) ^ flip));
      boolean positive = (key & 1) == 1;
      int scenario = (int) (key >>> 1 & ((1L << scenarioBits) - 1));
      if (!has[scenario]) {
        has[scenario] = true;
        touched[touchedCount++] = scenario;
      }
      visitor.row(scenario, score, positive);
      visitor.row(scenarios, score, positive);
    }

    /** Visits only the scenarios of this owner: there may be many owners and many scenarios. */
    void end() {
      for (int i = 0; i < touchedCount; i++) {
        has[touched[i]] = false;
        visitor.end(touched[i]);
      }
      if (touchedCount > 0) {
        visitor.end(scenarios);
      }
      touchedCount = 0;
    }
  }
}
