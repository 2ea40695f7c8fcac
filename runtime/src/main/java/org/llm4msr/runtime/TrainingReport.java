package org.llm4msr.runtime;

import java.nio.file.Path;
import org.llm4msr.runtime.training.TrainingResult;

/**
 * What training gave.
 *
 * @param run the run folder, with log, metrics and checkpoints
 * @param result validations and the best step
 */
public record TrainingReport(Path run, TrainingResult result) {}
