package org.llm4msr.spark.score;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.util.AccumulatorV2;

/** The first problems that tasks found: at most {@link #MOST} of them. */
final class Examples extends AccumulatorV2<String, List<String>> {

  static final int MOST = 10;

  private static final long serialVersionUID = 1L;

  private final ArrayList<String> problems = new ArrayList<>();

  @Override
  public boolean isZero() {
    return problems.isEmpty();
  }

  @Override
  public AccumulatorV2<String, List<String>> copy() {
    Examples copy = new Examples();
    copy.problems.addAll(problems);
    return copy;
  }

  @Override
  public void reset() {
    problems.clear();
  }

  @Override
  public void add(String problem) {
    if (problems.size() < MOST) {
      problems.add(problem);
    }
  }

  @Override
  public void merge(AccumulatorV2<String, List<String>> other) {
    other.value().forEach(this::add);
  }

  @Override
  public List<String> value() {
    return List.copyOf(problems);
  }
}
