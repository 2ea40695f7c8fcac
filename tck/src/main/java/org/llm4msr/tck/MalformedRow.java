package org.llm4msr.tck;

/**
 * Where a source is spoilt, for {@link DatasetReaderConformance#spoil}.
 *
 * @param file name of the file
 * @param line its line, from 1
 * @param column name of the column in the file
 * @param value what stands there and does not belong there
 */
public record MalformedRow(String file, long line, String column, String value) {}
