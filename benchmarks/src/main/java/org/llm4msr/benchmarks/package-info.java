/** Benchmarks: each compares two things in one run and prints a ratio. */
@NullMarked
package org.llm4msr.benchmarks;

import org.jspecify.annotations.NullMarked;
