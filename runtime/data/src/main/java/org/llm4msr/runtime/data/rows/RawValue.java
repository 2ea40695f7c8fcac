package org.llm4msr.runtime.data.rows;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.arrow.vector.util.Text;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.DataErrors;

/**
 * Reads single raw values as the kinds of fields need them, in the forms that preparation gives
 * them.
 *
 * @param column for error texts
 * @param row for error texts
 */
record RawValue(String column, long row) {

  private static final Pattern BETWEEN = Pattern.compile("[,;|\\s]+");

  /** Returns the text by which a vocabulary knows a value; null where it is missing. */
  @Nullable String text(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    if (isText(value)
        || value instanceof Integer
        || value instanceof Long
        || value instanceof Short
        || value instanceof Byte
        || value instanceof BigInteger
        || value instanceof Boolean) {
      return value.toString();
    }
    // The text of a real number depends on who writes it.
    throw wrong(value, "a text, a whole number or a boolean");
  }

  private static boolean isText(Object value) {
    return value instanceof CharSequence || value instanceof Text;
  }

  /** Returns the elements of a list without nulls; a single value is a list of one. */
  List<String> texts(@Nullable Object value) {
    List<String> texts = new ArrayList<>();
    for (String text : elements(value)) {
      if (text != null) {
        texts.add(text);
      }
    }
    return texts;
  }

  /** Returns the elements of a list; none of a missing one, and one of a single value. */
  List<@Nullable String> elements(@Nullable Object value) {
    List<@Nullable String> texts = new ArrayList<>();
    if (value instanceof Iterable<?> elements) {
      elements.forEach(element -> texts.add(text(element)));
    } else if (value != null) {
      texts.add(text(value));
    }
    return texts;
  }

  /**
   * Returns the weights of a list's elements, of which a missing one is 1; null if all are.
   *
   * @param value a list or an array of numbers or texts of numbers, or one for one element
   */
  double @Nullable [] weights(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    double[] weights;
    if (value instanceof double[] array) {
      weights = array.clone();
    } else if (value instanceof float[] array) {
      weights = IntStream.range(0, array.length).mapToDouble(i -> array[i]).toArray();
    } else {
      Iterable<?> elements = value instanceof Iterable<?> list ? list : List.of(value);
      weights =
          StreamSupport.stream(elements.spliterator(), false).mapToDouble(this::weight).toArray();
    }
    for (double weight : weights) {
      if (!(weight >= 0 && weight <= FieldValues.IdLists.LARGEST_WEIGHT)) {
        throw wrong(value, "weights from 0 to 1e30");
      }
    }
    return weights;
  }

  private double weight(@Nullable Object value) {
    boolean isMissing = value == null || (isText(value) && value.toString().isEmpty());
    return isMissing ? 1 : number(value);
  }

  /** Returns a number, true as 1 and false as 0; NaN if it is missing or an empty text. */
  double number(@Nullable Object value) {
    if (value == null) {
      return Double.NaN;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof Boolean truth) {
      return truth ? 1 : 0;
    }
    String text = value.toString();
    try {
      return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
        return text.equalsIgnoreCase("true") ? 1 : 0;
      }
      throw wrong(value, "a number");
    }
  }

  /**
   * Returns a vector whose numbers are all there; null if it is missing.
   *
   * @param size how many numbers it must have
   */
  float @Nullable [] vector(@Nullable Object value, int size) {
    double[] numbers = numbers(value, size);
    if (value == null || numbers == null) {
      return null;
    }
    float[] vector = new float[size];
    for (int i = 0; i < size; i++) {
      vector[i] = (float) numbers[i];
      if (!Float.isFinite(vector[i])) {
        throw wrong(value, "finite numbers");
      }
    }
    return vector;
  }

  /**
   * Reads a vector: a list or an array of numbers, or a text of them such as {@code [0.1, 0.2]}.
   *
   * @return its numbers, NaN where one is missing; null if all is
   */
  double @Nullable [] numbers(@Nullable Object value, int size) {
    if (value == null || value.toString().isBlank()) {
      return null;
    }
    double[] numbers;
    if (value instanceof double[] array) {
      numbers = array;
    } else if (value instanceof float[] array) {
      numbers = IntStream.range(0, array.length).mapToDouble(i -> array[i]).toArray();
    } else if (value instanceof Iterable<?> elements) {
      numbers =
          StreamSupport.stream(elements.spliterator(), false).mapToDouble(this::number).toArray();
    } else {
      String[] texts = BETWEEN.split(value.toString().replaceAll("[\\[\\]]", " ").strip());
      numbers = Stream.of(texts).mapToDouble(this::number).toArray();
    }
    if (numbers.length != size) {
      throw new RowException(
          "VECTOR_SIZE",
          row,
          "Column '%s' has %d numbers in row %d; expected %d. Fix the row or leave the value empty."
              .formatted(column, numbers.length, row, size));
    }
    return numbers;
  }

  private RowException wrong(Object value, String expected) {
    // A BigDecimal looks like a number in the text, and an array is no list.
    String type = isText(value) ? "" : " (%s)".formatted(value.getClass().getSimpleName());
    return new RowException(
        "BAD_VALUE",
        row,
        "Column '%s' has '%s'%s in row %d; expected %s. Fix the row or leave the value empty."
            .formatted(column, DataErrors.shown(value), type, row, expected));
  }
}
