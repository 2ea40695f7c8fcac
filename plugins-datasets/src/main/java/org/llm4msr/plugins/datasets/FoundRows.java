package org.llm4msr.plugins.datasets;

import java.util.List;

/**
 * A query of rows to tell of.
 *
 * @param sql gives file, n, name (of the column) and text
 * @param read whether n is a row's number among those that DuckDB read
 * @param unread the table of those that it did not read; empty where there is none
 * @param arrow what it reads beside files
 */
record FoundRows(String sql, boolean read, String unread, List<ArrowInput> arrow) {}
