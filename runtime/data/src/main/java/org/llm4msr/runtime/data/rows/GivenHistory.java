package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.GivenPast;

/**
 * Reads the past of a user that a row brings: a list of events, oldest first. An event is what
 * {@link GivenEvent} says. Where all have a time, they are put into its order, and those that are
 * not before the row are left out. One without labels is a positive; of one with some, others are
 * not known.
 *
 * @param item finds the index of an item, or -1
 * @param scenario finds the rank of a scenario, or -1
 * @param events those of the model
 */
record GivenHistory(
    ToIntFunction<String> item, ToIntFunction<String> scenario, ModelEvents events) {

  /** The column in which a row may bring it. */
  static final String COLUMN = "history";

  /**
   * Reads the past of a row; null where it brings none. Items that are not known are left out.
   *
   * @param before the time of the row
   * @throws RowException {@code data/BAD_VALUE}
   */
  @Nullable GivenPast read(@Nullable Object value, long row, long before) {
    if (value == null) {
      return null;
    }
    List<Known> known = new ArrayList<>();
    for (GivenEvent event : given(value, row)) {
      int found = item.applyAsInt(event.item());
      if (found >= 0) {
        known.add(new Known(event, found));
      }
    }
    Collections.reverse(known);
    if (!known.isEmpty() && known.get(0).event().time() != null) {
      known.removeIf(event -> event.time() >= before);
      known.sort(Comparator.comparingLong(Known::time).reversed());
    }
    Map<String, byte[]> others = new HashMap<>();
    for (String label : events.labels().subList(1, events.labels().size())) {
      others.put(label, labels(known, label));
    }
    return new GivenPast(
        known.stream().mapToInt(Known::item).toArray(),
        known.stream().mapToInt(event -> rank(event.event().scenario())).toArray(),
        labels(known, events.labels().get(0)),
        others);
  }

  /** An event of an item that is known. */
  private record Known(GivenEvent event, int item) {

    long time() {
      return event.time() == null ? Long.MIN_VALUE : event.time();
    }
  }

  private List<GivenEvent> given(Object value, long row) {
    RawValue reader = new RawValue(COLUMN, row);
    if (!(value instanceof Iterable<?> list)) {
      throw GivenEvent.wrong(value, "a list of events", reader);
    }
    List<String> columns = events.labels().stream().map(GivenHistory::column).toList();
    List<GivenEvent> given = new ArrayList<>();
    for (Object each : list) {
      GivenEvent event = GivenEvent.read(each, reader);
      if (event != null) {
        require(event, each, columns, reader);
        given.add(event);
      }
    }
    if (given.stream().map(event -> event.time() == null).distinct().count() > 1) {
      throw GivenEvent.wrong(value, "events that all have a time, or none", reader);
    }
    return given;
  }

  /** Refuses an event of which the model would read nothing, and a time that is in seconds. */
  private void require(GivenEvent event, Object given, List<String> columns, RawValue reader) {
    if (!event.labels().isEmpty() && columns.stream().noneMatch(event.labels()::containsKey)) {
      throw GivenEvent.wrong(
          given,
          "an event with %s, by which the model tells positives, or of a positive without any label"
              .formatted(String.join(" or ", columns)),
          reader);
    }
    if (event.time() != null) {
      events.requireMillis(event.time(), COLUMN, reader.row());
    }
  }

  private int rank(@Nullable String key) {
    return key == null ? -1 : scenario.applyAsInt(key);
  }

  private static String column(String label) {
    return label.equals(RawSchema.LABEL) ? label : RawSchema.labelColumn(label);
  }

  private static byte[] labels(List<Known> known, String label) {
    String column = column(label);
    byte[] labels = new byte[known.size()];
    for (int event = 0; event < labels.length; event++) {
      labels[event] = known.get(event).event().label(column);
    }
    return labels;
  }
}
