/** Prepared data: its files and how they are read. */
@NullMarked
package org.llm4msr.runtime.data.prepared;

import org.jspecify.annotations.NullMarked;
