/** Calibration of probabilities: its fit after training, and its use in evaluation and scoring. */
@NullMarked
package org.llm4msr.runtime.calibration;

import org.jspecify.annotations.NullMarked;
