package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.tables.GivenPast;

/**
 * Reads the past of a user that a row brings: a list of events, oldest first. An event is the id of
 * an item, which was a positive, or a mapping with {@code item}, {@code scenario} (if it is left
 * out, one of the others), {@code label} (if it is left out, 1) and further labels, such as {@code
 * label_like} (if one is left out, {@code label}).
 *
 * @param item finds the index of an item, or -1
 * @param scenario finds the rank of a scenario, or -1
 */
record GivenHistory(ToIntFunction<String> item, ToIntFunction<String> scenario) {

  /** The column in which a row may bring it. */
  static final String COLUMN = "history";

  private static final String FURTHER = RawSchema.labelColumn("");

  /** Reads the past of a row; null where it brings none. Items that are not known are left out. */
  @Nullable GivenPast read(@Nullable Object value, long row) {
    if (value == null) {
      return null;
    }
    if (!(value instanceof Iterable<?> events)) {
      throw wrong(value, "a list of events", row);
    }
    List<Event> known = new ArrayList<>();
    for (Object event : events) {
      Event read = event(event, row);
      if (read != null && read.item() >= 0) {
        known.add(0, read);
      }
    }
    boolean[] positives = new boolean[known.size()];
    for (int i = 0; i < positives.length; i++) {
      positives[i] = known.get(i).positive();
    }
    return new GivenPast(
        known.stream().mapToInt(Event::item).toArray(),
        known.stream().mapToInt(Event::scenario).toArray(),
        positives,
        others(known));
  }

  private static Map<String, boolean[]> others(List<Event> events) {
    Map<String, boolean[]> others = new HashMap<>();
    for (Event event : events) {
      for (String label : event.others().keySet()) {
        others.computeIfAbsent(
            label,
            name -> {
              boolean[] positives = new boolean[events.size()];
              for (int i = 0; i < positives.length; i++) {
                Event of = events.get(i);
                positives[i] = of.others().getOrDefault(name, of.positive());
              }
              return positives;
            });
      }
    }
    return others;
  }

  private record Event(int item, int scenario, boolean positive, Map<String, Boolean> others) {}

  private @Nullable Event event(@Nullable Object event, long row) {
    RawValue value = new RawValue(COLUMN, row);
    if (!(event instanceof Map<?, ?> parts)) {
      String id = value.text(event);
      return id == null || id.isEmpty() ? null : new Event(item.applyAsInt(id), -1, true, Map.of());
    }
    String id = value.text(parts.get(RawSchema.ITEM));
    if (id == null) {
      throw wrong(event, "an event with an item", row);
    }
    String key = value.text(parts.get(RawSchema.SCENARIO));
    boolean positive = positive(parts.get(RawSchema.LABEL), event, value, row);
    Map<String, Boolean> others = new HashMap<>();
    parts.forEach(
        (name, label) -> {
          if (name instanceof String column && column.startsWith(FURTHER) && label != null) {
            others.put(column.substring(FURTHER.length()), positive(label, event, value, row));
          }
        });
    return new Event(
        item.applyAsInt(id), key == null ? -1 : scenario.applyAsInt(key), positive, others);
  }

  private static boolean positive(@Nullable Object label, Object event, RawValue value, long row) {
    double positive = label == null ? 1 : value.number(label);
    if (positive != 0 && positive != 1) {
      throw wrong(event, "an event with the label 0 or 1", row);
    }
    return positive == 1;
  }

  private static RowException wrong(Object value, String expected, long row) {
    return new RowException(
        "BAD_VALUE",
        row,
        "Column '%s' has '%s' in row %d; expected %s. Fix the row, or leave the value empty."
            .formatted(COLUMN, DataErrors.shown(value), row, expected));
  }
}
