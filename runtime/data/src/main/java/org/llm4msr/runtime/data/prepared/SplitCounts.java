package org.llm4msr.runtime.data.prepared;

/** Rows of each part. */
public record SplitCounts(long train, long validation, long test) {

  /** Returns the rows of one part. */
  public long of(Split split) {
    return switch (split) {
      case TRAIN -> train;
      case VALIDATION -> validation;
      case TEST -> test;
    };
  }

  /** Returns the rows of all parts. */
  public long total() {
    return train + validation + test;
  }
}
