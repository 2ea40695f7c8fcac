package org.llm4msr.runtime.training;

/**
 * Losses summed since the last lines of {@code metrics.jsonl}. Part of the {@link RunState}, so
 * that a resumed run writes the means that an unbroken one would have written.
 *
 * @param logged sum of the losses since the last line
 * @param loggedSteps their number
 * @param validated sum of the losses since the last validation
 * @param validatedSteps their number
 */
record LossSums(double logged, int loggedSteps, double validated, long validatedSteps) {

  static final LossSums NONE = new LossSums(0, 0, 0, 0);

  LossSums plus(float loss) {
    return new LossSums(logged + loss, loggedSteps + 1, validated + loss, validatedSteps + 1);
  }

  /** Returns the sums after a metrics line on steps. */
  LossSums afterLog() {
    return new LossSums(0, 0, validated, validatedSteps);
  }

  double meanSinceLog() {
    return logged / loggedSteps;
  }

  double meanSinceValidation() {
    return validated / validatedSteps;
  }
}
