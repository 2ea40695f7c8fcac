package org.llm4msr.runtime.training;

import org.llm4msr.runtime.config.ScheduleConfig;

/**
 * The learning rate by step: a linear rise over the warm-up, then a fall to a share of the rate at
 * the last step.
 *
 * @param rate after warm-up
 * @param totalSteps steps of the whole run
 */
record LearningRate(double rate, ScheduleConfig schedule, long totalSteps) {

  /** Returns the rate of a step, counted from 0. */
  double at(long step) {
    int warmup = schedule.warmupSteps();
    if (step < warmup) {
      return rate * (step + 1) / warmup;
    }
    long span = Math.max(1, totalSteps - 1 - warmup);
    double share = Math.min(1.0, (double) (step - warmup) / span);
    double left = schedule.finalFactor();
    return switch (schedule.decay()) {
      case NONE -> rate;
      case LINEAR -> rate * (1 - (1 - left) * share);
      case COSINE -> rate * (left + (1 - left) * (1 + Math.cos(Math.PI * share)) / 2);
    };
  }
}
