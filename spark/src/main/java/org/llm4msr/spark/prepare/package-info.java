/** Prepares data: nodes read the log and write its rows, and the driver does what is between. */
@NullMarked
package org.llm4msr.spark.prepare;

import org.jspecify.annotations.NullMarked;
