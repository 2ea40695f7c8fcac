package org.llm4msr.runtime.cluster;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/**
 * Reads the values of a column as {@link org.llm4msr.runtime.data.rows.RowFile} reads those of
 * files: ids and categories become texts, numbers stay numbers or texts, and a list that is one
 * text is split.
 *
 * @param listSeparator what stands between the values of a list that is written as one text
 */
record ColumnReader(ScoringColumn column, String listSeparator) {

  /**
   * Reads one value.
   *
   * @param value a text, number, boolean, date or time, a list of such, or null
   * @throws MsrException {@code data/WRONG_TYPE} for a type that the column cannot have
   */
  @Nullable Object read(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list) {
      return list(list);
    }
    if (column.isList() || column.isHistory()) {
      String text = text(value);
      return text == null ? null : Arrays.asList(text.split(Pattern.quote(listSeparator), -1));
    }
    if (column.isTime() && value instanceof Instant time) {
      return time.toEpochMilli();
    }
    if (column.isTime() && value instanceof LocalDateTime time) {
      return time.toInstant(ZoneOffset.UTC).toEpochMilli();
    }
    return column.isNumber() ? number(value) : text(value);
  }

  private List<?> list(List<?> list) {
    if (column.isHistory()) {
      return list;
    }
    if (!column.isVector() && !column.isList()) {
      throw wrong(list, "one value per row");
    }
    List<@Nullable Object> read = new ArrayList<>(list.size());
    for (Object element : list) {
      read.add(element == null ? null : column.isVector() ? number(element) : text(element));
    }
    return read;
  }

  private Object number(Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof CharSequence || value instanceof Boolean) {
      return value;
    }
    throw wrong(value, column.isTime() ? "a time or a number" : "numbers, or texts of numbers");
  }

  private @Nullable String text(Object value) {
    if (value instanceof Double || value instanceof Float) {
      return RealText.of((Number) value);
    }
    if (value instanceof BigDecimal decimal) {
      return decimal.toPlainString();
    }
    if (value instanceof CharSequence
        || value instanceof Integer
        || value instanceof Long
        || value instanceof Short
        || value instanceof Byte
        || value instanceof BigInteger
        || value instanceof Boolean
        || value instanceof LocalDate) {
      return value.toString();
    }
    throw wrong(value, "texts as in the training data");
  }

  private MsrException wrong(Object value, String expected) {
    String type = value instanceof List<?> ? "lists" : value.getClass().getSimpleName();
    return new MsrException(
        ErrorType.DATA,
        "data/WRONG_TYPE",
        "Column '%s' has values of the type %s; expected %s. Cast the column."
            .formatted(column.name(), type, expected));
  }
}
