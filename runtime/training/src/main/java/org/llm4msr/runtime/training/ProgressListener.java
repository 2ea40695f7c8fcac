package org.llm4msr.runtime.training;

import org.llm4msr.api.Progress;

/** Reports rows. Hears of a step before its checkpoint is written. */
record ProgressListener(Progress progress) implements TrainingListener {

  @Override
  public void started(long step, long rows) {
    if (step > 0) {
      progress.detail(rows, "");
    }
  }

  @Override
  public void rowsTrained(long done, long total) {
    progress.update(done, total);
  }
}
