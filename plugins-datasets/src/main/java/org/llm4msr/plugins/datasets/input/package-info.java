/** Raw files as rows in Arrow, for queries to read. */
@NullMarked
package org.llm4msr.plugins.datasets.input;

import org.jspecify.annotations.NullMarked;
