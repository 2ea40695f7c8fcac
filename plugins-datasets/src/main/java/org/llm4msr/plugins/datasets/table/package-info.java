/** The reader of a user's own tables. */
@NullMarked
package org.llm4msr.plugins.datasets.table;

import org.jspecify.annotations.NullMarked;
