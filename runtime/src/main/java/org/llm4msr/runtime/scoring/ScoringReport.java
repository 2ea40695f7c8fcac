package org.llm4msr.runtime.scoring;

import java.nio.file.Path;

/**
 * What scoring a file gave.
 *
 * @param out the scores
 * @param rows rows in it
 * @param resumedAt rows that a stopped job had scored before
 * @param rowsPerSecond rows that this process scored a second; 0 where there were none left
 * @param leakFutureInteractions whether the model was trained with prompts that tell of validation
 *     and test rows, so that metrics of these scores may be no measure of it
 */
public record ScoringReport(
    Path out, long rows, long resumedAt, double rowsPerSecond, boolean leakFutureInteractions) {}
