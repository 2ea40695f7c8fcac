package org.llm4msr.runtime.data.preparation;

import java.nio.file.Path;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/**
 * What a preparation gave.
 *
 * @param folder the prepared data
 * @param manifest its manifest
 * @param reused whether it was there already, from the same settings and sources
 */
public record PreparationResult(Path folder, DatasetManifest manifest, boolean reused) {}
