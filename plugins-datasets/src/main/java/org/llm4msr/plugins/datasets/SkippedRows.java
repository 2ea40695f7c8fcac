package org.llm4msr.plugins.datasets;

import java.util.List;

/**
 * A query of rows that are skipped.
 *
 * @param sql gives file, line, name (of the column) and text
 * @param arrow what it reads beside files
 */
record SkippedRows(String sql, List<ArrowInput> arrow) {}
