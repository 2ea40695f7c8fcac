package org.llm4msr.runtime.scoring;

import java.nio.file.Path;

/**
 * The result of scoring a file.
 *
 * @param out the scores
 * @param rows rows in it
 * @param resumedAt rows that a stopped job had scored before
 * @param rowsPerSecond rows that this process scored per second; 0 if there were none left
 * @param leakFutureInteractions whether the model was trained with prompts that reveal validation
 *     and test rows, so that metrics of these scores may not measure it
 */
public record ScoringReport(
    Path out, long rows, long resumedAt, double rowsPerSecond, boolean leakFutureInteractions) {}
