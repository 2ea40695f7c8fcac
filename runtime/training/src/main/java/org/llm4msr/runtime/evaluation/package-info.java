/** Metrics, overall and per scenario. */
@NullMarked
package org.llm4msr.runtime.evaluation;

import org.jspecify.annotations.NullMarked;
