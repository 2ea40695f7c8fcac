/** Metrics of rows that were predicted, each one class with its test. */
@NullMarked
package org.llm4msr.runtime.evaluation.metric;

import org.jspecify.annotations.NullMarked;
