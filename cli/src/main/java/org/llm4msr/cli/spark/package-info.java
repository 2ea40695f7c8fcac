/** Starts jobs on Apache Spark; the jobs themselves are another module. */
@NullMarked
package org.llm4msr.cli.spark;

import org.jspecify.annotations.NullMarked;
