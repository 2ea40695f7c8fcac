/** DuckDB in memory, with Arrow in and out. */
@NullMarked
package org.llm4msr.toolkit.database;

import org.jspecify.annotations.NullMarked;
