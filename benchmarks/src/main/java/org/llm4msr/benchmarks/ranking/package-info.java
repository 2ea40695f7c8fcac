/** Requests to a ranker. */
@NullMarked
package org.llm4msr.benchmarks.ranking;

import org.jspecify.annotations.NullMarked;
