package org.llm4msr.plugins.datasets;

import java.util.List;

/**
 * A query of rows that are skipped.
 *
 * @param sql gives file, line, name (of the column) and text
 * @param read whether DuckDB read the rows, which then are numbered without those that it did not
 * @param arrow what it reads beside files
 */
record SkippedRows(String sql, boolean read, List<ArrowInput> arrow) {}
