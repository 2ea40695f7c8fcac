package org.llm4msr.runtime.data.slices;

import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.data.arrow.ArrowFile;

/** One way to divide the rows of a part into slices. A row of a list of values is in several. */
public final class Slicing {

  /** How many slices there may be. */
  static final int MOST = Integer.SIZE - 1;

  private final String name;
  private final String title;
  private final Rule rule;
  private final ArrowFile part;

  /** Decides the slices of a row. */
  interface Rule {

    /** Returns the names of the slices, {@value #MOST} at most. */
    List<String> slices();

    /** Returns the slices of the row at a place: bit s is that of slice s. */
    int of(long pick);
  }

  Slicing(String name, String title, Rule rule, ArrowFile part) {
    this.name = name;
    this.title = title;
    this.rule = rule;
    this.part = part;
  }

  /** Returns the name that settings have for it. */
  public String name() {
    return name;
  }

  /** Returns a heading. */
  public String title() {
    return title;
  }

  /** Returns the names of the slices, in the order of tables. */
  public List<String> slices() {
    return rule.slices();
  }

  /** Returns the slices of a row of the part by its number: bit s is that of slice s. */
  public int of(long row) {
    return rule.of(part.locate(row));
  }

  /** Returns the numbers of the first {@code size} rows that are in a slice; none if none is. */
  public int[] rows(String slice, int size) {
    int bit = slices().indexOf(slice);
    return bit < 0
        ? new int[0]
        : IntStream.range(0, size).filter(row -> (of(row) >> bit & 1) == 1).toArray();
  }
}
