package org.llm4msr.serving.publishing;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What becomes a version.
 *
 * @param versions the folder of the versions of a model
 * @param name of the new version; null for the day and a number
 * @param rows a file of rows with labels, to calibrate and to compare; null for none
 * @param listSeparator separator of the values of a list that is written as one text
 * @param force whether a version is published that is worse than the one before
 */
public record PublishRequest(
    Path versions,
    @Nullable String name,
    @Nullable Path rows,
    String listSeparator,
    boolean force) {}
