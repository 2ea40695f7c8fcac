/** Slices of rows: what evaluations tell apart besides scenarios. */
@NullMarked
package org.llm4msr.runtime.data.slices;

import org.jspecify.annotations.NullMarked;
