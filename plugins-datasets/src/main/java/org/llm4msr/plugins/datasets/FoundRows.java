package org.llm4msr.plugins.datasets;

import java.util.List;

/**
 * A query for rows to report.
 *
 * @param sql gives file, n, name (of the column) and text
 * @param read whether n is a row's number among those that DuckDB read
 * @param unread the table of those that it did not read; empty if there is none
 * @param arrow the Arrow inputs that it reads beside files
 */
record FoundRows(String sql, boolean read, String unread, List<ArrowInput> arrow) {}
