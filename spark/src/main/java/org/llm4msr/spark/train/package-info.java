/** Trains one model on several executors. */
@NullMarked
package org.llm4msr.spark.train;

import org.jspecify.annotations.NullMarked;
