package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.training.TrainingResult;

/**
 * The result of training.
 *
 * @param run the run folder, with log, metrics and checkpoints
 * @param bundle the trained model, for scoring
 * @param result validations and the best step
 * @param device the device that it trained on: cpu, or gpu:N
 * @param calibration of the bundle's probabilities, which the validations are without
 * @param leakFutureInteractions whether prompts revealed validation and test rows, so that the
 *     validations do not measure the model
 * @param readsLaterParts whether rows read earlier events of validation and test
 */
public record TrainingReport(
    Path run,
    Path bundle,
    TrainingResult result,
    String device,
    Calibration calibration,
    boolean leakFutureInteractions,
    boolean readsLaterParts) {}
