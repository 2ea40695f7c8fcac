package org.llm4msr.runtime.tables;

import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.FieldValues.Ids;
import org.llm4msr.runtime.tables.FieldValues.Numbers;
import org.llm4msr.runtime.tables.GradientPlaces.Cursors;

/**
 * The rows of a table that one batch touches, and for each the gradients that it collects, in the
 * order of the fields that read the table and of the batch. Arrays are reused from batch to batch.
 */
final class FieldIndex {

  /** From how many ids of a batch threads share the work on a table. */
  private static final int MANY_IDS = 1 << 14;

  private int distinct;
  private int[] ids = new int[0];
  private int[] starts = new int[1];

  /** Where the gradients of the distinct ids lie, one id after the other. */
  private final GradientPlaces places = new GradientPlaces();

  /** Gradients of all rows of the table; empty where they are collected from rows of the batch. */
  private float[] gradients = new float[0];

  private int[] slotOf = new int[0];
  private int[] hash = new int[0];
  private boolean direct;
  private long[] sorted = new long[0];

  /** By block of rows and id, where the next gradient goes. */
  private int[][] blockCursors = new int[0][];

  private boolean[] met = new boolean[0];

  /**
   * Builds the index of a batch.
   *
   * @param all what reads the table; several only of values with ids
   * @param fields the values by the number of a place
   * @param rows B
   * @param width columns of the gradient
   */
  void build(List<Place> all, List<? extends FieldValues> fields, int rows, int width) {
    FieldValues values = fields.get(all.get(0).field());
    if (values instanceof Numbers numbers) {
      buildNumeric(numbers.values(), rows, all.get(0).column(), width);
    } else if (!(values instanceof FieldValues.Vectors)) {
      buildIds(all, fields, rows, width);
    }
  }

  private void buildIds(List<Place> all, List<? extends FieldValues> fields, int rows, int width) {
    int count = 0;
    for (Place place : all) {
      count += GradientPlaces.count(fields.get(place.field()), rows);
    }
    ensure(count);
    places.expect(all, fields, rows);
    prepareSlots(count, all.get(0).table().rows());
    distinct = 0;
    int from = 0;
    for (Place place : all) {
      FieldValues values = fields.get(place.field());
      int to = from + GradientPlaces.count(values, rows);
      if (direct) {
        number(GradientPlaces.ids(values), from, to);
      } else {
        distinguish(GradientPlaces.ids(values), from, to);
      }
      from = to;
    }
    collect(all, fields, rows, width);
  }

  /**
   * Takes the gradients of a vector field, which touches every row of its table.
   *
   * @param rows rows of the table
   * @param ofRows (rows, D)
   */
  void buildAll(int rows, float[] ofRows) {
    ensure(rows);
    distinct = rows;
    for (int k = 0; k < rows; k++) {
      ids[k] = k;
    }
    gradients = ofRows;
  }

  /**
   * Takes rows of the table with a gradient each; a row that comes several times gets the sum, in
   * the order in which they are given.
   *
   * @param rowIds from 0 to count - 1
   * @param ofRows (count, dimension)
   */
  void buildSums(int[] rowIds, int count, float[] ofRows, int dimension) {
    ensure(count);
    prepareSlots(count, Integer.MAX_VALUE);
    distinct = 0;
    distinguish(rowIds, 0, count);
    int size = Math.max(1, distinct * dimension);
    if (gradients.length < size) {
      gradients = new float[size];
    } else {
      Arrays.fill(gradients, 0, size, 0);
    }
    for (int i = 0; i < count; i++) {
      for (int d = 0, to = slotOf[i] * dimension, from = i * dimension; d < dimension; d++) {
        gradients[to + d] += ofRows[from + d];
      }
    }
  }

  /** A numeric field has one vector, which every row scales by its value. */
  private void buildNumeric(float[] values, int size, int column, int width) {
    ensure(1);
    distinct = 1;
    ids[0] = 0;
    starts[0] = 0;
    starts[1] = size;
    places.collectNumeric(values, size, column, width);
  }

  /**
   * Makes the hash large enough, and empties it. Where it is as large as the table, the id itself
   * is the place of an id.
   */
  private void prepareSlots(int count, int tableRows) {
    int capacity = Integer.highestOneBit(Math.max(8, count)) << 2;
    direct = tableRows <= capacity;
    if (hash.length < capacity) {
      hash = new int[capacity];
    } else {
      Arrays.fill(hash, 0, direct ? tableRows : hash.length, 0);
    }
  }

  /** Numbers the distinct ids as {@link #distinguish}, each at its own place. */
  private void number(int[] values, int from, int to) {
    int found = distinct;
    for (int i = from; i < to; i++) {
      int id = values[i - from];
      int slot = hash[id];
      if (slot == 0) {
        ids[found++] = id;
        slot = found;
        hash[id] = slot;
      }
      slotOf[i] = slot - 1;
    }
    distinct = found;
  }

  /**
   * Numbers the distinct ids by first occurrence: {@link #ids}, {@link #slotOf}.
   *
   * @param values those of the occurrences {@code from} to {@code to}
   */
  private void distinguish(int[] values, int from, int to) {
    int mask = hash.length - 1;
    int found = distinct;
    for (int i = from; i < to; i++) {
      int id = values[i - from];
      int h = (id * 0x9E3779B9) >>> 7 & mask;
      while (hash[h] != 0 && ids[hash[h] - 1] != id) {
        h = (h + 1) & mask;
      }
      if (hash[h] == 0) {
        ids[found++] = id;
        hash[h] = found;
      }
      slotOf[i] = hash[h] - 1;
    }
    distinct = found;
  }

  /** Counting sort of the gradients by distinct id, stable in the order of fields and batch. */
  private void collect(List<Place> all, List<? extends FieldValues> fields, int rows, int width) {
    Arrays.fill(starts, 0, distinct + 1, 0);
    int first = 0;
    for (Place place : all) {
      FieldValues values = fields.get(place.field());
      GradientPlaces.count(place, values, 0, rows, new Cursors(slotOf, first, starts));
      first += GradientPlaces.count(values, rows);
    }
    int next = 0;
    for (int k = 0; k <= distinct; k++) {
      int count = starts[k];
      starts[k] = next;
      next += count;
    }
    int[] kinds = places.takeOthers(all, fields);
    first = 0;
    for (int p = 0; p < kinds.length; p++) {
      FieldValues values = fields.get(all.get(p).field());
      Cursors cursors = new Cursors(slotOf, first, starts);
      places.collect(all.get(p), values, kinds[p], width, 0, rows, cursors);
      first += GradientPlaces.count(values, rows);
    }
    for (int k = distinct; k > 0; k--) {
      starts[k] = starts[k - 1];
    }
    starts[0] = 0;
  }

  /** Returns whether there are so many ids of so few rows that threads should share them. */
  boolean hasManyIds(List<Place> all, List<? extends FieldValues> fields, int rows) {
    int count = 0;
    for (Place place : all) {
      FieldValues values = fields.get(place.field());
      if (!(values instanceof Ids || values instanceof IdLists)) {
        return false;
      }
      count += GradientPlaces.count(values, rows);
    }
    return count >= MANY_IDS && all.get(0).table().rows() <= count;
  }

  /**
   * Builds the index as {@link #build}, but that ids rise and threads share the rows: each counts
   * the ids of a block of rows of one place, then puts their gradients behind those of the blocks
   * before.
   */
  void buildTogether(
      List<Place> all, List<? extends FieldValues> fields, int rows, int width, Workers workers) {
    int tableRows = all.get(0).table().rows();
    int blocks = Math.max(1, Math.min(workers.threads(), rows));
    int rowsOfBlock = (rows + blocks - 1) / blocks;
    ensure(tableRows);
    places.expect(all, fields, rows);
    if (blockCursors.length < blocks * all.size() || blockCursors[0].length < tableRows) {
      blockCursors = new int[blocks * all.size()][tableRows];
      met = new boolean[tableRows];
    }
    Arrays.fill(met, 0, tableRows, false);
    workers.range(
        blocks * all.size(),
        1,
        (worker, block, to) -> {
          Arrays.fill(blockCursors[block], 0, tableRows, 0);
          Place place = all.get(block / blocks);
          FieldValues values = fields.get(place.field());
          int from = Math.min(rows, block % blocks * rowsOfBlock);
          int end = Math.min(rows, from + rowsOfBlock);
          GradientPlaces.count(place, values, from, end, cursors(values, block));
          if (GradientPlaces.isOfElements(place)) {
            meet((IdLists) values, from, end);
          }
        });
    startBlocks(tableRows, blocks * all.size());
    int[] kinds = places.takeOthers(all, fields);
    workers.range(
        blocks * all.size(),
        1,
        (worker, block, to) -> {
          Place place = all.get(block / blocks);
          FieldValues values = fields.get(place.field());
          int from = Math.min(rows, block % blocks * rowsOfBlock);
          int end = Math.min(rows, from + rowsOfBlock);
          places.collect(
              place, values, kinds[block / blocks], width, from, end, cursors(values, block));
        });
  }

  private Cursors cursors(FieldValues values, int block) {
    return new Cursors(GradientPlaces.ids(values), 0, blockCursors[block]);
  }

  /** Ids none of whose elements are the largest are touched too. */
  private void meet(IdLists lists, int fromRow, int toRow) {
    for (int i = GradientPlaces.start(lists, fromRow); i < lists.offsets[toRow]; i++) {
      met[lists.ids[i]] = true;
    }
  }

  /** Makes of the counts of blocks where each block's gradients begin. */
  private void startBlocks(int tableRows, int blocks) {
    int next = 0;
    int found = 0;
    for (int id = 0; id < tableRows; id++) {
      int start = next;
      for (int block = 0; block < blocks; block++) {
        int count = blockCursors[block][id];
        blockCursors[block][id] = next;
        next += count;
      }
      if (next > start || met[id]) {
        ids[found] = id;
        starts[found++] = start;
      }
    }
    starts[found] = next;
    distinct = found;
  }

  private void ensure(int count) {
    if (ids.length < count || ids.length == 0) {
      int capacity = Math.max(1, count + count / 4);
      ids = new int[capacity];
      starts = new int[capacity + 1];
      slotOf = new int[capacity];
    }
  }

  /** Returns how many table rows are touched. */
  int distinct() {
    return distinct;
  }

  /** Returns the table row of a distinct id. */
  int id(int k) {
    return ids[k];
  }

  /**
   * Reads a number of each cache line of the gradients of some distinct ids, as {@link
   * EmbeddingTable#touch}.
   */
  float touch(int from, int to, float[] gradient, int dimension) {
    return gradients.length > 0 // They lie together.
        ? 0
        : places.touch(starts[from], starts[to], gradient, dimension);
  }

  /** Adds up the gradient of a distinct id, always in the same order. */
  void merge(int k, float[] gradient, int dimension, float[] into, int at) {
    if (gradients.length > 0) {
      System.arraycopy(gradients, k * dimension, into, at, dimension);
    } else {
      places.merge(starts[k], starts[k + 1], gradient, dimension, into, at);
    }
  }

  /** Prepares {@link #firstAtOrAbove} and {@link #sortedAt}. */
  void sort() {
    if (sorted.length < distinct) {
      sorted = new long[ids.length];
    }
    for (int k = 0; k < distinct; k++) {
      sorted[k] = (long) ids[k] << 32 | k;
    }
    Arrays.sort(sorted, 0, distinct);
  }

  /** Returns the first position, by rising id, whose id is at least {@code id}. */
  int firstAtOrAbove(int id) {
    int position = Arrays.binarySearch(sorted, 0, distinct, (long) id << 32);
    return position >= 0 ? position : -position - 1;
  }

  /** Returns the distinct id number at a position by rising id. */
  int sortedAt(int position) {
    return (int) sorted[position];
  }
}
