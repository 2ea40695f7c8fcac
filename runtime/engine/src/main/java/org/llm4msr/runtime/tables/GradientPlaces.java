package org.llm4msr.runtime.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.FieldValues.Ids;
import org.llm4msr.runtime.tables.TableSequence.Form;

/**
 * Where the gradients of the rows of a table lie, in an order that its user gives: each a stretch
 * of the gradient of the flat input, of an array beside it, or one number. Arrays are reused from
 * batch to batch.
 */
final class GradientPlaces {

  /** Where each begins. */
  private int[] at = new int[0];

  private float[] weights = new float[0];
  private boolean weighted;

  /**
   * Of each: 0 for one of the batch's rows, n for one of the n-th of {@link #others}, -d for the
   * element d - 1 alone, of the batch's rows. Read only if they are {@link #mixed}.
   */
  private int[] kinds = new int[0];

  private boolean mixed;

  /** Gradients beside those of the batch's rows, from 1. */
  private final List<float[]> others = new ArrayList<>();

  /**
   * Where the gradients of rows of the table go.
   *
   * @param keys by occurrence, from {@code first}
   * @param next by key, moved on with each gradient
   */
  @SuppressWarnings("ArrayRecordComponent") // Of one call.
  record Cursors(int[] keys, int first, int[] next) {

    int next(int occurrence) {
      return next[keys[first + occurrence]]++;
    }
  }

  /** Returns whether a place gives gradients of single elements. */
  static boolean isOfElements(Place place) {
    return place.form() == Form.LARGEST;
  }

  /** Returns how many ids the first rows have. */
  static int count(FieldValues values, int rows) {
    return values instanceof IdLists lists ? start(lists, rows) : rows;
  }

  static int start(IdLists lists, int row) {
    return row == 0 ? 0 : lists.offsets[row];
  }

  static int[] ids(FieldValues values) {
    return values instanceof IdLists lists ? lists.ids : ((Ids) values).ids();
  }

  /** Makes room for the gradients of a batch. */
  void expect(List<Place> places, List<? extends FieldValues> fields, int rows) {
    int count = 0;
    mixed = false;
    weighted = false;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      count += isOfElements(place) ? rows * place.dimension() : count(values, rows);
      mixed |= place.form() == Form.LARGEST || place.form() == Form.WEIGHED;
      weighted |= values instanceof IdLists;
    }
    makeRoom(count);
  }

  private void makeRoom(int count) {
    if (at.length < count) {
      at = new int[count + count / 4];
      weights = new float[at.length];
    }
    if (mixed && kinds.length < count) {
      kinds = new int[at.length];
    }
  }

  /** Takes those of a numeric field, which has one vector, that every row scales by its value. */
  void collectNumeric(float[] values, int rows, int column, int width) {
    mixed = false;
    weighted = true;
    makeRoom(rows);
    for (int row = 0, from = column; row < rows; row++, from += width) {
      at[row] = from;
      weights[row] = values[row];
    }
  }

  /** Takes the gradients beside those of the batch's rows; returns the kind of each place's. */
  int[] takeOthers(List<Place> places, List<? extends FieldValues> fields) {
    others.clear();
    int[] ofPlaces = new int[places.size()];
    for (int p = 0; p < ofPlaces.length; p++) {
      if (places.get(p).form() == Form.WEIGHED) {
        others.add(((IdLists) fields.get(places.get(p).field())).pooled.gradients());
        ofPlaces[p] = others.size();
      }
    }
    return ofPlaces;
  }

  /** Counts what some rows give of a place. */
  static void count(Place place, FieldValues values, int fromRow, int toRow, Cursors counts) {
    if (isOfElements(place)) {
      countElements((IdLists) values, place.dimension(), fromRow, toRow, counts);
      return;
    }
    int[] keys = counts.keys;
    int[] next = counts.next;
    int end = counts.first + count(values, toRow);
    for (int i = counts.first + count(values, fromRow); i < end; i++) {
      next[keys[i]]++;
    }
  }

  private static void countElements(
      IdLists lists, int dimension, int fromRow, int toRow, Cursors counts) {
    for (int row = fromRow; row < toRow; row++) {
      int from = start(lists, row);
      if (lists.offsets[row + 1] > from) {
        for (int d = row * dimension; d < (row + 1) * dimension; d++) {
          counts.next[counts.keys[counts.first + from + lists.pooled.winners[d]]]++;
        }
      }
    }
  }

  /** Collects what some rows give of a place; several threads may do so for different cursors. */
  void collect(
      Place place, FieldValues values, int kind, int width, int fromRow, int toRow, Cursors to) {
    if (!(values instanceof IdLists lists)) {
      for (int row = fromRow; row < toRow; row++) {
        add(to.next(row), place.column() + row * width, 1, 0);
      }
    } else if (isOfElements(place)) {
      collectElements(lists, place, width, fromRow, toRow, to);
    } else if (place.form() == Form.WEIGHED) {
      int end = start(lists, toRow);
      for (int i = start(lists, fromRow); i < end; i++) {
        add(to.next(i), i * place.dimension(), 1, kind);
      }
    } else {
      collectLists(lists, place, width, fromRow, toRow, to);
    }
  }

  private void add(int number, int gradient, float weight, int kind) {
    at[number] = gradient;
    weights[number] = weight;
    if (mixed) {
      kinds[number] = kind;
    }
  }

  /** Collects lists, whose vectors were averaged, added up or kept. */
  private void collectLists(
      IdLists lists, Place place, int width, int fromRow, int toRow, Cursors to) {
    TableSequence sequence = place.sequence();
    int step = sequence != null && sequence.keepsEach() ? place.dimension() : 0;
    int i = start(lists, fromRow);
    for (int row = fromRow; row < toRow; row++) {
      int end = lists.offsets[row + 1];
      float share = sequence == null ? lists.share(row) : sequence.share(end - i);
      for (int gradient = place.column() + row * width; i < end; i++, gradient += step) {
        float weight = lists.weights == null ? share : share * lists.weights[i];
        add(to.next(i), gradient, weight, 0);
      }
    }
  }

  /** Collects the elements of lists that are the largest of their rows. */
  private void collectElements(
      IdLists lists, Place place, int width, int fromRow, int toRow, Cursors to) {
    int dimension = place.dimension();
    for (int row = fromRow; row < toRow; row++) {
      int from = start(lists, row);
      int gradient = place.column() + row * width;
      for (int d = 0; lists.offsets[row + 1] > from && d < dimension; d++) {
        int winner = lists.pooled.winners[row * dimension + d];
        add(to.next(from + winner), gradient + d, 1, -1 - d);
      }
    }
  }

  /** Reads a number of each cache line of some gradients, as {@link EmbeddingTable#touch}. */
  float touch(int from, int to, float[] gradient, int dimension) {
    float sum = 0;
    for (int i = from; i < to; i++) {
      int first = at[i];
      int kind = mixed ? kinds[i] : 0;
      if (kind < 0) {
        sum += gradient[first];
        continue;
      }
      float[] values = kind == 0 ? gradient : others.get(kind - 1);
      sum += values[first] + values[first + dimension - 1];
      for (int line = first + EmbeddingTable.LINE;
          line < first + dimension;
          line += EmbeddingTable.LINE) {
        sum += values[line];
      }
    }
    return sum;
  }

  /** Adds some gradients up, always in the same order. */
  void merge(int from, int to, float[] gradient, int dimension, float[] into, int target) {
    if (mixed) {
      mergeMixed(from, to, gradient, dimension, into, target);
      return;
    }
    int first = from;
    if (weighted || first == to) {
      Arrays.fill(into, target, target + dimension, 0f);
    } else { // Most ids occur once.
      System.arraycopy(gradient, at[first++], into, target, dimension);
    }
    for (int i = first; i < to; i++) {
      int start = at[i];
      if (weighted) {
        float weight = weights[i];
        for (int d = 0; d < dimension; d++) {
          into[target + d] += weight * gradient[start + d];
        }
      } else {
        for (int d = 0; d < dimension; d++) {
          into[target + d] += gradient[start + d];
        }
      }
    }
  }

  private void mergeMixed(
      int from, int to, float[] gradient, int dimension, float[] into, int target) {
    Arrays.fill(into, target, target + dimension, 0f);
    for (int i = from; i < to; i++) {
      int kind = kinds[i];
      int start = at[i];
      if (kind < 0) {
        into[target - 1 - kind] += gradient[start];
        continue;
      }
      float[] values = kind == 0 ? gradient : others.get(kind - 1);
      float weight = weights[i];
      for (int d = 0; d < dimension; d++) {
        into[target + d] += weight * values[start + d];
      }
    }
  }
}
