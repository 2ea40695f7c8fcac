package org.llm4msr.runtime.compare;

import java.util.Locale;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.PairedTest;

/**
 * The metric of a table, as its texts and files call it.
 *
 * @param name in files
 * @param title in texts
 * @param lowerIsBetter whether less of it is better
 * @param test of a difference on the same rows, in files; {@code none} if there is none
 * @param testTitle that test in texts
 */
public record Measure(
    String name, String title, boolean lowerIsBetter, String test, String testTitle) {

  static Measure of(Metric metric) {
    return new Measure(
        metric.name(),
        metric.title(),
        metric.direction() == Metric.Direction.LOWER,
        metric.test().key(),
        metric.test().title());
  }

  boolean isAuc() {
    return name.equals("auc");
  }

  boolean isTested() {
    return !test.equals(PairedTest.NONE.key());
  }

  /** Returns the name of the test as part of the name of a column. */
  String testInNames() {
    return test.substring(0, 1).toUpperCase(Locale.ROOT) + test.substring(1);
  }
}
