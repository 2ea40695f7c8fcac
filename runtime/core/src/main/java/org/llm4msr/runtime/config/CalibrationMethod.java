package org.llm4msr.runtime.config;

/** How probabilities are fitted to the validation part after training. */
public enum CalibrationMethod {
  /** A slope and an offset of the logit, for each scenario. */
  PLATT,
  /** Not at all. */
  OFF
}
