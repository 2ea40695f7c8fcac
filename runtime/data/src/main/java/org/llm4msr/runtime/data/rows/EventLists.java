package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.BaseListVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.jspecify.annotations.Nullable;

/** Lists of events in Arrow batches, of which each is a structure. */
final class EventLists {

  private EventLists() {}

  /** Reads a part of an event. */
  @FunctionalInterface
  interface Part {
    @Nullable Object read(FieldVector part, int at);
  }

  /** Returns whether the elements of a column's lists are structures. */
  static boolean isOf(FieldVector column) {
    return elements(column) instanceof StructVector;
  }

  private static @Nullable FieldVector elements(FieldVector column) {
    if (column instanceof ListVector lists) {
      return lists.getDataVector();
    }
    if (column instanceof LargeListVector lists) {
      return lists.getDataVector();
    }
    return column instanceof FixedSizeListVector lists ? lists.getDataVector() : null;
  }

  /**
   * Returns the events of a row as mappings; null where there is no list.
   *
   * @param column of {@link #isOf}
   * @param value reads the parts
   */
  static @Nullable List<@Nullable Map<String, @Nullable Object>> read(
      FieldVector column, int row, Part value) {
    if (column.isNull(row) || !(elements(column) instanceof StructVector structures)) {
      return null;
    }
    long from;
    long to;
    if (column instanceof LargeListVector lists) {
      from = lists.getElementStartIndex(row);
      to = lists.getElementEndIndex(row);
    } else {
      from = ((BaseListVector) column).getElementStartIndex(row);
      to = ((BaseListVector) column).getElementEndIndex(row);
    }
    List<@Nullable Map<String, @Nullable Object>> events = new ArrayList<>();
    for (int at = Math.toIntExact(from); at < to; at++) {
      events.add(structures.isNull(at) ? null : event(structures, at, value));
    }
    return events;
  }

  private static Map<String, @Nullable Object> event(StructVector structures, int at, Part value) {
    Map<String, @Nullable Object> event = new LinkedHashMap<>();
    for (FieldVector part : structures.getChildrenFromFields()) {
      event.put(part.getName(), value.read(part, at));
    }
    return event;
  }
}
