package org.llm4msr.runtime.knowledge.history;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.knowledge.past.EventLog;
import org.llm4msr.runtime.knowledge.past.PastEvents;

/**
 * Cosines of the items of several rows of one user with all events that the rows may read, as one
 * product of matrices: each vector is read once, not once for each row. For one thread; the engine
 * must have {@link Mkl}.
 */
final class UserProducts {

  /** Of more events than so many times a row's length, most products would be for nothing. */
  private static final int SPREAD = 8;

  /** More would take too much memory. */
  private static final int MOST_EVENTS = 2048;

  /** In place of a vector that is not there. */
  private static final int ANY = 0;

  private final UnitVectors vectors;
  private final int mostEvents;
  private final FloatMemory rowVectors; // (R, C)
  private final FloatMemory eventVectors; // (E, C)
  private final FloatMemory results; // (R, E)
  private final float[] cosines; // (R, E)
  private final boolean[] known; // (E)
  private final int[] offsets;

  @SuppressWarnings("UnusedVariable") // As in Similarities.
  private float fetched;

  private int first;
  private int events;

  /**
   * Makes room.
   *
   * @param mostRows R
   * @param length L, of a row's events
   */
  UserProducts(UnitVectors vectors, int mostRows, int length) {
    this.vectors = vectors;
    mostEvents = Math.min(SPREAD * length, MOST_EVENTS);
    rowVectors = memory(mostRows, vectors.dimension());
    eventVectors = memory(mostEvents, vectors.dimension());
    results = memory(mostRows, mostEvents);
    cosines = new float[mostRows * mostEvents];
    known = new boolean[mostEvents];
    offsets = new int[Math.max(mostRows, mostEvents)];
  }

  private static FloatMemory memory(int rows, int columns) {
    return FloatMemory.of(AlignedMemory.floats((long) rows * columns));
  }

  /**
   * Multiplies. Items and events without a vector have any numbers.
   *
   * @param items of the rows
   * @param first number of the oldest event in the log
   * @param end number after the newest
   * @return false, and nothing is done, if the events are too many
   */
  boolean multiply(int[] items, int rows, EventLog log, int first, int end) {
    this.first = first;
    events = end - first;
    if (events < 1 || events > mostEvents) {
      return false;
    }
    for (int row = 0; row < rows; row++) {
      offsets[row] = vectors.has(items[row]) ? vectors.offset(items[row]) : ANY;
    }
    gather(rows, rowVectors.numbers());
    for (int event = 0; event < events; event++) {
      int item = log.item(first + event);
      known[event] = vectors.has(item);
      offsets[event] = known[event] ? vectors.offset(item) : ANY;
    }
    gather(events, eventVectors.numbers());
    int c = vectors.dimension();
    Mkl.onThisThreadAlone(
        () -> {
          Mkl.Call call = new Mkl.Call(1, 1);
          call.group(false, true, rows, events, c, c, c, events, 0)
              .product(rowVectors.address(), eventVectors.address(), results.address());
          call.run();
        });
    results.numbers().get(0, cosines, 0, rows * events);
    return true;
  }

  private void gather(int count, FloatBuffer target) {
    fetched += vectors.fetch(offsets, count);
    int c = vectors.dimension();
    for (int i = 0; i < count; i++) {
      target.put(i * c, vectors.values(), offsets[i], c);
    }
  }

  /** Returns whether all events of a row were multiplied. They are newest first. */
  boolean hold(PastEvents past) {
    return past.size() == 0 || past.event(past.size() - 1) >= first;
  }

  /** Returns whether an event has a vector, by its number in the log. */
  boolean has(int event) {
    return known[event - first];
  }

  /** Returns the cosine of a row's item with an event, by its number in the log. */
  float cosine(int row, int event) {
    return cosines[row * events + event - first];
  }
}
