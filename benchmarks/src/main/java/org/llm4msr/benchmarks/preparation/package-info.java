/** Preparing data: on one machine, and on Spark. */
@NullMarked
package org.llm4msr.benchmarks.preparation;

import org.jspecify.annotations.NullMarked;
