/** What a job is called with, and what it reports. */
@NullMarked
package org.llm4msr.spark.job;

import org.jspecify.annotations.NullMarked;
