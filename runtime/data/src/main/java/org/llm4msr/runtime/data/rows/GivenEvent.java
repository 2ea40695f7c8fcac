package org.llm4msr.runtime.data.rows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;

/**
 * An event of a past that a row brings: the id of an item, a mapping, or a text that is a JSON
 * object.
 *
 * @param item raw id
 * @param scenario key; null where it is not stated
 * @param time in milliseconds since 1970; null where it is not stated
 * @param labels 0 or 1 by column, such as {@code label_like}, as far as they are stated
 */
record GivenEvent(
    String item,
    @Nullable String scenario,
    @Nullable Long time,
    NavigableMap<String, Integer> labels) {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Ids in braces, as some programs write them, do not begin so. */
  private static final Pattern OBJECT = Pattern.compile("\\{\\s*\".*", Pattern.DOTALL);

  private static final String FURTHER = RawSchema.labelColumn("");

  /**
   * Reads one; null where there is none. What a mapping has beside these parts is not read.
   *
   * @throws RowException {@code data/BAD_VALUE}
   */
  static @Nullable GivenEvent read(@Nullable Object event, RawValue value) {
    if (event instanceof Map<?, ?> parts) {
      return of(parts, event, value);
    }
    String text = value.text(event);
    if (text == null || text.isEmpty()) {
      return null;
    }
    if (OBJECT.matcher(text).matches()) {
      return of(json(text, value), text, value);
    }
    return new GivenEvent(text, null, null, new TreeMap<>());
  }

  private static Map<?, ?> json(String text, RawValue value) {
    try {
      return JSON.readValue(text, Map.class);
    } catch (JsonProcessingException e) {
      throw wrong(text, "an id, or an event as a JSON object", value);
    }
  }

  private static GivenEvent of(Map<?, ?> parts, Object event, RawValue value) {
    String item = value.text(parts.get(RawSchema.ITEM));
    if (item == null) {
      throw wrong(event, "an event with an item", value);
    }
    NavigableMap<String, Integer> labels = new TreeMap<>();
    parts.forEach(
        (name, label) -> {
          if (name instanceof String column
              && (column.equals(RawSchema.LABEL) || column.startsWith(FURTHER))) {
            double number = value.number(label);
            if (number == 0 || number == 1) {
              labels.put(column, (int) number);
            } else if (!Double.isNaN(number)) {
              throw wrong(event, "an event with the label 0 or 1", value);
            }
          }
        });
    return new GivenEvent(
        item,
        value.text(parts.get(RawSchema.SCENARIO)),
        time(parts.get(RawSchema.TIME), event, value),
        labels);
  }

  private static @Nullable Long time(@Nullable Object time, Object event, RawValue value) {
    if (time instanceof Instant instant) {
      return instant.toEpochMilli();
    }
    if (time instanceof LocalDateTime local) {
      return local.toInstant(ZoneOffset.UTC).toEpochMilli();
    }
    double millis = value.number(time);
    if (Double.isInfinite(millis)) {
      throw wrong(event, "an event with a time in milliseconds since 1970", value);
    }
    return Double.isNaN(millis) ? null : (Long) (long) millis;
  }

  /** Returns 1, 0, or -1 where it is not known, which it is of all labels where none is stated. */
  byte label(String column) {
    return labels.isEmpty() ? 1 : labels.getOrDefault(column, -1).byteValue();
  }

  /** Returns what this was read from: a text of the id alone, or a mapping of what is stated. */
  Object value() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put(RawSchema.ITEM, item);
    if (scenario != null) {
      value.put(RawSchema.SCENARIO, scenario);
    }
    if (time != null) {
      value.put(RawSchema.TIME, time);
    }
    value.putAll(labels);
    return value.size() == 1 ? item : value;
  }

  /** Returns the error of an event that cannot be read. */
  static RowException wrong(Object event, String expected, RawValue value) {
    return new RowException(
        "BAD_VALUE",
        value.row(),
        "Column '%s' has '%s' in row %d; expected %s. Fix the row, or leave the value empty."
            .formatted(value.column(), DataErrors.shown(event), value.row(), expected));
  }
}
