package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.TableSequence.Form;

/**
 * The rows of a table that one batch touches, and for each the gradients that it collects, in the
 * order of the fields that read the table and of the batch. Arrays are reused from batch to batch.
 */
final class FieldIndex {

  private static final float[] NONE = {};

  private int distinct;
  private int[] ids = new int[0];
  private int[] starts = new int[1];

  /** Where each gradient begins. */
  private int[] gradientAt = new int[0];

  private float[] weights = new float[0];
  private boolean weighted;

  /**
   * Of each gradient: 0 for one of the batch's rows, n for one of the n-th of {@link #others}, -d
   * for the element d - 1 alone, of the batch's rows. Read only if they are {@link #mixed}.
   */
  private int[] kinds = new int[0];

  private boolean mixed;

  /** Gradients beside those of the batch's rows, from 1. */
  private final List<float[]> others = new ArrayList<>();

  /** Gradients of all distinct ids; empty where they are collected from rows of the batch. */
  private float[] gradients = NONE;

  private final ListSums sums = new ListSums();
  private float[] sumsOfIds = NONE;
  private boolean sumsUp;

  private int[] slotOf = new int[0];
  private int[] hash = new int[0];
  private boolean direct;
  private long[] sorted = new long[0];

  /**
   * Builds the index of a batch, for which no gradient has to be there yet.
   *
   * @param places what reads the table; several only of values with ids
   * @param fields the values by the number of a place
   * @param rows B
   * @param width columns of the gradient
   * @param outside whether MKL may add up what lists of ids collect, which is left to {@link
   *     #addUp}; the gradient must lie outside the heap then
   */
  void build(
      List<Place> places,
      List<? extends FieldValues> fields,
      int rows,
      int width,
      boolean outside) {
    FieldValues values = fields.get(places.get(0).field());
    if (values instanceof Numbers numbers) {
      buildNumeric(numbers.values(), rows, places.get(0).column(), width);
    } else if (!(values instanceof FieldValues.Vectors)) {
      sumsUp = outside && ListSums.serves(places, fields);
      if (sumsUp) {
        find(places, fields, rows, 0);
        sums.take(places, fields, rows, width, slotOf, distinct);
        int size = Math.max(1, distinct * places.get(0).dimension());
        if (sumsOfIds.length < size) {
          sumsOfIds = new float[size + size / 4];
        }
        gradients = sumsOfIds;
      } else {
        gradients = NONE;
        buildIds(places, fields, rows, width);
      }
    }
  }

  /**
   * Takes the gradients of the batch for which it was built.
   *
   * @param flat that of the gathered buffer
   */
  void takeGradients(
      List<Place> places, List<? extends FieldValues> fields, int rows, FloatBuffer flat) {
    if (sumsUp) {
      sums.readFrom(flat);
      return;
    }
    int other = 0;
    for (Place place : places) {
      if (place.form() == Form.WEIGHED
          && fields.get(place.field()) instanceof SequenceLists lists) {
        int numbers = lists.offsets[rows] * place.dimension();
        others.set(other++, lists.pooled.copyOfGradients(numbers));
      }
    }
  }

  /** Returns whether gradients are still to be added up. */
  boolean sumsUp() {
    return sumsUp;
  }

  /**
   * Adds up the gradients of some distinct ids.
   *
   * @param memory outside the heap, of at least as many numbers
   */
  void addUp(int from, int to, int dimension, FloatBuffer memory) {
    sums.run(from, to, dimension, memory, sumsOfIds);
  }

  private void buildIds(
      List<Place> places, List<? extends FieldValues> fields, int rows, int width) {
    int gradientCount = 0;
    mixed = false;
    for (Place place : places) {
      int own = count(fields.get(place.field()), rows);
      gradientCount += isOfElements(place) ? rows * place.dimension() : own;
      mixed |= place.form() == Form.LARGEST || place.form() == Form.WEIGHED;
    }
    find(places, fields, rows, gradientCount);
    collect(places, fields, rows, width);
  }

  /** Finds the rows of the table that a batch touches, by first occurrence, without gradients. */
  void find(List<Place> places, List<? extends FieldValues> fields, int rows) {
    begin(places, fields, rows, 0);
    each(places, fields, rows, direct ? this::number : this::distinguish);
  }

  /** Finds the rows for an update, which takes less time where they rise. */
  private void find(
      List<Place> places, List<? extends FieldValues> fields, int rows, int gradientCount) {
    begin(places, fields, rows, gradientCount);
    weighted = places.stream().anyMatch(place -> fields.get(place.field()) instanceof IdLists);
    if (direct) {
      each(places, fields, rows, this::mark);
      numberRising(places.get(0).table().rows());
      each(places, fields, rows, this::look);
    } else {
      each(places, fields, rows, this::distinguish);
    }
  }

  private void begin(
      List<Place> places, List<? extends FieldValues> fields, int rows, int gradientCount) {
    int count = 0;
    for (Place place : places) {
      count += count(fields.get(place.field()), rows);
    }
    ensure(count, gradientCount);
    prepareSlots(count, places.get(0).table().rows());
    distinct = 0;
  }

  /** Takes the ids of a place, of the occurrences {@code from} to {@code to - 1}. */
  private interface Occurrences {
    void take(int[] values, int from, int to);
  }

  private static void each(
      List<Place> places, List<? extends FieldValues> fields, int rows, Occurrences occurrences) {
    int from = 0;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      int to = from + count(values, rows);
      occurrences.take(ids(values), from, to);
      from = to;
    }
  }

  /**
   * Copies the numbers of the ids that {@link #find} found.
   *
   * @param from the first occurrence, in the order of the places and of the batch
   */
  void numbers(int from, int count, int[] target) {
    System.arraycopy(slotOf, from, target, 0, count);
  }

  private static boolean isOfElements(Place place) {
    return place.form() == Form.LARGEST;
  }

  /** Returns how many ids there are. */
  static int count(FieldValues values, int size) {
    return values instanceof IdLists lists ? lists.offsets[size] : size;
  }

  private static int[] ids(FieldValues values) {
    return values instanceof IdLists lists ? lists.ids : ((Ids) values).ids();
  }

  /**
   * Takes the gradients of a vector field, which touches every row of its table.
   *
   * @param rows rows of the table
   * @param ofRows (rows, D)
   */
  void buildAll(int rows, float[] ofRows) {
    ensure(rows, 0);
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
    ensure(count, 0);
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
    ensure(size, size);
    distinct = 1;
    ids[0] = 0;
    starts[0] = 0;
    starts[1] = size;
    weighted = true;
    for (int i = 0, at = column; i < size; i++, at += width) {
      gradientAt[i] = at;
      weights[i] = values[i];
    }
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

  private void mark(int[] values, int from, int to) {
    for (int i = from; i < to; i++) {
      hash[values[i - from]] = 1;
    }
  }

  /** Numbers the marked ids as they rise: their rows are updated in the order of memory. */
  private void numberRising(int tableRows) {
    int found = 0;
    for (int id = 0; id < tableRows; id++) { // No branch: a processor could not foresee it.
      ids[found] = id;
      found += hash[id];
      hash[id] = found;
    }
    distinct = found;
  }

  private void look(int[] values, int from, int to) {
    for (int i = from; i < to; i++) {
      slotOf[i] = hash[values[i - from]] - 1;
    }
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
  private void collect(
      List<Place> places, List<? extends FieldValues> fields, int rows, int width) {
    Arrays.fill(starts, 0, distinct + 1, 0);
    int first = 0;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      int count = count(values, rows);
      if (isOfElements(place)) {
        countElements((SequenceLists) values, place.dimension(), rows, first);
      } else {
        for (int i = first; i < first + count; i++) {
          starts[slotOf[i] + 1]++;
        }
      }
      first += count;
    }
    for (int k = 0; k < distinct; k++) {
      starts[k + 1] += starts[k];
    }
    others.clear();
    first = 0;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      if (!(values instanceof IdLists lists)) {
        collect(rows, place.column(), width, first);
      } else if (isOfElements(place)) {
        collectElements((SequenceLists) values, place, rows, width, first);
      } else if (place.form() == Form.WEIGHED) {
        others.add(NONE); // Until there are gradients.
        collectOthers(lists.offsets[rows], place.dimension(), first);
      } else {
        collect(lists, place, rows, width, first);
      }
      first += count(values, rows);
    }
    for (int k = distinct; k > 0; k--) {
      starts[k] = starts[k - 1];
    }
    starts[0] = 0;
  }

  private void countElements(SequenceLists lists, int dimension, int size, int first) {
    for (int row = 0; row < size; row++) {
      int from = lists.offsets[row];
      if (lists.offsets[row + 1] > from) {
        for (int d = row * dimension; d < (row + 1) * dimension; d++) {
          starts[slotOf[first + from + lists.pooled.winners[d]] + 1]++;
        }
      }
    }
  }

  /** Collects one id per row. */
  private void collect(int size, int column, int width, int first) {
    for (int row = 0, gradient = column; row < size; row++, gradient += width) {
      add(slotOf[first + row], gradient, 1, 0);
    }
  }

  private void add(int slot, int gradient, float weight, int kind) {
    int at = starts[slot]++;
    gradientAt[at] = gradient;
    weights[at] = weight;
    if (mixed) {
      kinds[at] = kind;
    }
  }

  /** Collects lists, whose vectors were averaged, added up or kept. */
  private void collect(IdLists lists, Place place, int size, int width, int first) {
    TableSequence sequence = place.sequence();
    int step = sequence != null && sequence.keepsEach() ? place.dimension() : 0;
    for (int row = 0, i = 0, of = place.column(); row < size; row++, of += width) {
      int end = lists.offsets[row + 1];
      float share = sequence == null ? lists.share(row) : sequence.share(end - i);
      for (int gradient = of; i < end; i++, gradient += step) {
        float weight = lists.weights == null ? share : share * lists.weights[i];
        add(slotOf[first + i], gradient, weight, 0);
      }
    }
  }

  /** Collects the elements of lists that are the largest of their rows. */
  private void collectElements(SequenceLists lists, Place place, int size, int width, int first) {
    int dimension = place.dimension();
    for (int row = 0, of = place.column(); row < size; row++, of += width) {
      int from = lists.offsets[row];
      for (int d = 0; lists.offsets[row + 1] > from && d < dimension; d++) {
        int winner = lists.pooled.winners[row * dimension + d];
        add(slotOf[first + from + winner], of + d, 1, -1 - d);
      }
    }
  }

  /** Collects lists each of whose vectors has a gradient of its own. */
  private void collectOthers(int count, int dimension, int first) {
    for (int i = 0, gradient = 0; i < count; i++, gradient += dimension) {
      add(slotOf[first + i], gradient, 1, others.size());
    }
  }

  private void ensure(int count, int gradientCount) {
    if (ids.length <= count) {
      int capacity = count + count / 4 + 1; // One more than there can be, for numberRising.
      ids = new int[capacity];
      starts = new int[capacity + 1];
      slotOf = new int[capacity];
    }
    if (gradientAt.length < gradientCount) {
      int capacity = gradientCount + gradientCount / 4;
      gradientAt = new int[capacity];
      weights = new float[capacity];
    }
    if (mixed && kinds.length < gradientCount) {
      kinds = new int[gradientAt.length];
    }
  }

  /** Returns how many table rows are touched. */
  int distinct() {
    return distinct;
  }

  /** Returns the table rows of the distinct ids, and more. */
  int[] ids() {
    return ids;
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
    float sum = 0;
    if (gradients.length > 0) {
      return sum; // They lie together.
    }
    for (int i = starts[from]; i < starts[to]; i++) {
      int first = gradientAt[i];
      int kind = mixed ? kinds[i] : 0;
      if (kind < 0) {
        sum += gradient[first];
        continue;
      }
      float[] values = kind == 0 ? gradient : others.get(kind - 1);
      sum += values[first] + values[first + dimension - 1];
      for (int at = first + EmbeddingTable.LINE;
          at < first + dimension;
          at += EmbeddingTable.LINE) {
        sum += values[at];
      }
    }
    return sum;
  }

  /** Adds up the gradient of a distinct id, always in the same order. */
  void merge(int k, float[] gradient, int dimension, float[] into, int at) {
    if (gradients.length > 0) {
      System.arraycopy(gradients, k * dimension, into, at, dimension);
      return;
    }
    if (mixed) {
      mergeMixed(k, gradient, dimension, into, at);
      return;
    }
    int first = starts[k];
    int end = starts[k + 1];
    if (weighted || first == end) {
      Arrays.fill(into, at, at + dimension, 0f);
    } else { // Most ids occur once.
      System.arraycopy(gradient, gradientAt[first++], into, at, dimension);
    }
    for (int i = first; i < end; i++) {
      int from = gradientAt[i];
      if (weighted) {
        float weight = weights[i];
        for (int d = 0; d < dimension; d++) {
          into[at + d] += weight * gradient[from + d];
        }
      } else {
        for (int d = 0; d < dimension; d++) {
          into[at + d] += gradient[from + d];
        }
      }
    }
  }

  private void mergeMixed(int k, float[] gradient, int dimension, float[] into, int at) {
    Arrays.fill(into, at, at + dimension, 0f);
    for (int i = starts[k]; i < starts[k + 1]; i++) {
      int kind = kinds[i];
      int from = gradientAt[i];
      if (kind < 0) {
        into[at - 1 - kind] += gradient[from];
        continue;
      }
      float[] values = kind == 0 ? gradient : others.get(kind - 1);
      float weight = weights[i];
      for (int d = 0; d < dimension; d++) {
        into[at + d] += weight * values[from + d];
      }
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
