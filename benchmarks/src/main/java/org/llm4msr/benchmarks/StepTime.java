package org.llm4msr.benchmarks;

/**
 * The time of a step.
 *
 * @param wall milliseconds
 * @param processor milliseconds of all threads
 */
record StepTime(double wall, double processor) {}
