package org.llm4msr.runtime.config.loading;

import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.NearestName;

/** Turns the text of a scalar into a value of a Java type. */
final class Scalars {

  private Scalars() {}

  /** The text is not of the type; the message says what it should be. */
  static final class NotOfTheType extends Exception {
    private static final long serialVersionUID = 1L;

    NotOfTheType(String rule) {
      super(rule);
    }
  }

  static Object parse(String text, Class<?> type) throws NotOfTheType {
    if (type == String.class || type == CharSequence.class) {
      return text;
    }
    if (type == Path.class) {
      return path(text);
    }
    if (type.isEnum()) {
      return constant(text, type);
    }
    if (type == boolean.class || type == Boolean.class) {
      return bool(text);
    }
    if (type == int.class || type == Integer.class) {
      return (int) wholeNumber(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class || type == Long.class) {
      return wholeNumber(text, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if (type == double.class || type == Double.class) {
      return number(text);
    }
    if (type == float.class || type == Float.class) {
      return single(text);
    }
    throw new NotOfTheType(
        "cannot be set: its type in the plugin's code, %s, is not one that settings can have; report it to the plugin's author"
            .formatted(type.getTypeName()));
  }

  private static Path path(String text) throws NotOfTheType {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new NotOfTheType("must be a path: " + e.getReason());
    }
  }

  private static float single(String text) throws NotOfTheType {
    float value = (float) number(text);
    if (Float.isInfinite(value)) {
      throw new NotOfTheType("must be a number between -3.4e38 and 3.4e38");
    }
    return value;
  }

  private static Object constant(String text, Class<?> type) throws NotOfTheType {
    String wanted = letters(text);
    for (Object constant : type.getEnumConstants()) {
      if (letters(((Enum<?>) constant).name()).equals(wanted)) {
        return constant;
      }
    }
    List<String> values = LegalValues.enumValues(type);
    String hint = NearestName.hint(text, values);
    throw new NotOfTheType("is not one of " + String.join(", ", values) + "." + hint);
  }

  private static String letters(String text) {
    return text.toUpperCase(Locale.ROOT).replace("-", "").replace("_", "");
  }

  private static boolean bool(String text) throws NotOfTheType {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new NotOfTheType("must be true or false");
    };
  }

  private static long wholeNumber(String text, long min, long max) throws NotOfTheType {
    try {
      long value = new BigDecimal(text.replace("_", "")).longValueExact();
      if (value >= min && value <= max) {
        return value;
      }
      throw new NotOfTheType("must be a whole number from " + min + " to " + max);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new NotOfTheType("must be a whole number");
    }
  }

  private static double number(String text) throws NotOfTheType {
    try {
      double value = Double.parseDouble(text.replace("_", ""));
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new NotOfTheType("must be a number");
    }
    throw new NotOfTheType("must be a finite number");
  }

  /** Returns what stands in for a value that could not be bound, so that the rest still can be. */
  static @Nullable Object placeholder(Class<?> type) {
    if (type == boolean.class) {
      return false;
    }
    if (type == int.class) {
      return 0;
    }
    if (type == long.class) {
      return 0L;
    }
    if (type == double.class) {
      return 0.0;
    }
    if (type == float.class) {
      return 0f;
    }
    if (type == List.class) {
      return List.of();
    }
    return type == java.util.Map.class ? java.util.Map.of() : null;
  }
}
