package org.llm4msr.runtime.knowledge.past;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.GivenPast;

/**
 * The events that one row may read, newest first, in arrays that the next row reuses. They come
 * from an {@link EventLog}.
 */
public final class PastEvents {

  private final int[] items;
  private final int[] scenarios;
  private final int[] events;
  private int size;

  /**
   * Makes room.
   *
   * @param length L, the most events
   */
  public PastEvents(int length) {
    items = new int[length];
    scenarios = new int[length];
    events = new int[length];
  }

  /** Returns how many there are. */
  public int size() {
    return size;
  }

  /** Returns whether there is no room for another. */
  boolean isFull() {
    return size == items.length;
  }

  /** Removes all. */
  void clear() {
    size = 0;
  }

  /**
   * Adds an event that is older than those before.
   *
   * @param item index
   * @param scenario rank
   * @param event its number in the log; any where it is of none
   */
  public void add(int item, int scenario, int event) {
    items[size] = item;
    scenarios[size] = scenario;
    events[size] = event;
    size++;
  }

  /** Takes the events that came with a row and whose label is known, as far as there is room. */
  void takeKnown(GivenPast given, @Nullable String label) {
    clear();
    byte[] labels = given.labels(label);
    for (int event = 0; event < labels.length && !isFull(); event++) {
      if (labels[event] >= 0) {
        add(given.items()[event], given.scenarios()[event], event);
      }
    }
  }

  /** Takes the events of one value of the usual label that came with a row, likewise. */
  public void take(GivenPast given, boolean positives) {
    take(given, null, positives);
  }

  /** Takes the positives of a label that came with a row, likewise. */
  void takeChosen(GivenPast given, @Nullable String label) {
    take(given, label, true);
  }

  private void take(GivenPast given, @Nullable String label, boolean positives) {
    clear();
    byte[] labels = given.labels(label);
    for (int event = 0; event < labels.length && !isFull(); event++) {
      if (labels[event] == (positives ? 1 : 0)) {
        add(given.items()[event], given.scenarios()[event], event);
      }
    }
  }

  /** Returns the item of an event. */
  public int item(int event) {
    return items[event];
  }

  /** Returns the number of an event in its log. */
  public int event(int event) {
    return events[event];
  }

  /** Returns the scenario of an event. */
  public int scenario(int event) {
    return scenarios[event];
  }
}
