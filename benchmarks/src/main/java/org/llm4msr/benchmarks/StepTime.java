package org.llm4msr.benchmarks;

/**
 * What a step took.
 *
 * @param wall milliseconds
 * @param processor milliseconds of all threads
 */
record StepTime(double wall, double processor) {}
