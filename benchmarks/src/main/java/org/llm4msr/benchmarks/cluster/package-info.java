/** What a cluster would do, from parts that one machine can measure. */
@NullMarked
package org.llm4msr.benchmarks.cluster;

import org.jspecify.annotations.NullMarked;
