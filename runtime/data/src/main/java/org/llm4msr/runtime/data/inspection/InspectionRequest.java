package org.llm4msr.runtime.data.inspection;

import java.nio.file.Path;

/**
 * What is inspected, and with what.
 *
 * @param prepared folder of the prepared data
 * @param scratch an empty folder for the files of the inspection
 * @param memoryBytes memory that the database may use
 * @param threads threads; the result does not depend on them
 */
public record InspectionRequest(Path prepared, Path scratch, long memoryBytes, int threads) {}
