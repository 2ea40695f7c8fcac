/** Prepared data: preparation, reading and batches. */
@NullMarked
package org.llm4msr.runtime.data;

import org.jspecify.annotations.NullMarked;
