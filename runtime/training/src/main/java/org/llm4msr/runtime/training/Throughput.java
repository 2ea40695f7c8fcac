package org.llm4msr.runtime.training;

/** How fast one call of training is, in rows a second. */
final class Throughput {

  private long rows;
  private long nanos;
  private long rowsSinceMark;
  private long mark = System.nanoTime();

  /** Counts a step. */
  void add(int rowsOfStep, long nanosOfStep) {
    rows += rowsOfStep;
    nanos += nanosOfStep;
    rowsSinceMark += rowsOfStep;
  }

  /** Returns the speed of all steps, without what lies between them; 0 before the first. */
  double ofSteps() {
    return nanos == 0 ? 0 : rows / (nanos / 1e9);
  }

  /** Returns the speed since the mark. */
  double sinceMark() {
    return rowsSinceMark / ((System.nanoTime() - mark) / 1e9);
  }

  void setMark() {
    rowsSinceMark = 0;
    mark = System.nanoTime();
  }
}
