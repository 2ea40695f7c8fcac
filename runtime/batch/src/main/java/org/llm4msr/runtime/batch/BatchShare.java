package org.llm4msr.runtime.batch;

/**
 * Says that the rows of a batch are some consecutive ones of a larger batch, whose other rows other
 * workers have.
 *
 * @param exchange with these workers
 * @param before how many rows of the larger batch come before
 * @param rows how many this worker has
 */
public record BatchShare(Exchange exchange, int before, int rows) {}
