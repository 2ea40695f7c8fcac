package org.llm4msr.runtime.experiment;

import org.llm4msr.api.Progress;

/** Reports parts of known sizes, one after the other, as one task. For one thread. */
final class CombinedProgress implements Progress {

  private final Progress whole;
  private final long total;
  private long doneBefore;
  private long skippedBefore;
  private long done;
  private long skipped;

  /**
   * Begins with the first part.
   *
   * @param total units of all parts
   */
  CombinedProgress(Progress whole, long total) {
    this.whole = whole;
    this.total = total;
  }

  /** Begins the next part. */
  void next() {
    doneBefore += done;
    skippedBefore += skipped;
    done = 0;
    skipped = 0;
  }

  @Override
  public void detail(long skipped, String remark) {
    this.skipped = skipped;
    whole.detail(skippedBefore + skipped, remark);
  }

  @Override
  public void update(long done, long ofPart) {
    this.done = done;
    whole.update(doneBefore + done, total);
  }
}
