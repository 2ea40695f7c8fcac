/** Readers whose tables are queries over raw files. */
@NullMarked
package org.llm4msr.plugins.datasets.sql;

import org.jspecify.annotations.NullMarked;
