/** The job that scores rows. */
@NullMarked
package org.llm4msr.spark.score;

import org.jspecify.annotations.NullMarked;
