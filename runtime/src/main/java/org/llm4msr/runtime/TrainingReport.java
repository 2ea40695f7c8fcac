package org.llm4msr.runtime;

import java.nio.file.Path;
import org.llm4msr.runtime.training.TrainingResult;

/**
 * What training gave.
 *
 * @param run the run folder, with log, metrics and checkpoints
 * @param bundle the trained model, for scoring
 * @param result validations and the best step
 * @param device where it trained: cpu, or gpu:N
 * @param leakFutureInteractions whether prompts told of validation and test rows, so that the
 *     validations are no measure of the model
 */
public record TrainingReport(
    Path run, Path bundle, TrainingResult result, String device, boolean leakFutureInteractions) {}
