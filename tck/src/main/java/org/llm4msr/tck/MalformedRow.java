package org.llm4msr.tck;

/**
 * The place where a source is malformed, for {@link DatasetReaderConformance#spoil}.
 *
 * @param file name of the file
 * @param line its line, from 1
 * @param column name of the column in the file
 * @param value the wrong value at that place
 */
public record MalformedRow(String file, long line, String column, String value) {}
