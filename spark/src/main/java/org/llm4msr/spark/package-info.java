/** The application that spark-submit runs: one main class, and a job for each of its commands. */
@NullMarked
package org.llm4msr.spark;

import org.jspecify.annotations.NullMarked;
