package org.llm4msr.plugins.datasets.table;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the first values of a column tell of the settings of the reader. */
final class ValueAdvice {

  private static final Pattern NUMBER = Pattern.compile("[-+]?\\d+(\\.\\d+)?");
  private static final Pattern WITH_COMMA = Pattern.compile("[-+]?\\d+,\\d+");
  private static final int MOST_SHOWN = 10;

  private ValueAdvice() {}

  /** Tells ratings, and positives and negatives that are 1 and -1, from 0 and 1. */
  static String ofLabel(List<String> values) {
    if (areMost(values, value -> !isNumber(value) && !WITH_COMMA.matcher(value).matches())) {
      return "A label is 0 or 1, or true or false.";
    }
    if (!values.stream().allMatch(ValueAdvice::isNumber)) {
      return ofNumber(values);
    }
    Set<Double> different =
        values.stream().map(Double::valueOf).collect(Collectors.toCollection(TreeSet::new));
    if (different.equals(Set.of(-1.0, 1.0))) {
      return "Its first values are -1 and 1: set dataset.positiveAbove to 0.";
    }
    boolean areOthers = areMost(values, value -> !Set.of(0.0, 1.0).contains(Double.valueOf(value)));
    if (!areOthers) {
      return "";
    }
    List<String> shown = different.stream().map(ValueAdvice::shown).toList();
    return "Its first values are %s: if they are ratings, set dataset.positiveAbove to the largest that is no positive."
        .formatted(
            shown.size() <= MOST_SHOWN
                ? String.join(", ", shown)
                : shown.get(0) + " to " + shown.get(shown.size() - 1));
  }

  private static boolean isNumber(String value) {
    return NUMBER.matcher(value).matches();
  }

  private static String shown(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  /** Tells numbers with a decimal comma. */
  static String ofNumber(List<String> values) {
    boolean haveCommas =
        values.stream().anyMatch(value -> WITH_COMMA.matcher(value).matches())
            && areMost(values, value -> isNumber(value) || WITH_COMMA.matcher(value).matches());
    return haveCommas
        ? "Its numbers have a decimal comma: set dataset.decimalSeparator to ','."
        : "";
  }

  /** Returns whether a condition holds for more than half of some values. */
  static boolean areMost(List<String> values, Predicate<String> condition) {
    return 2 * values.stream().filter(condition).count() > values.size();
  }
}
