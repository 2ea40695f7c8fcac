package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.charset.Charset;

/**
 * The format of delimited files.
 *
 * @param quote empty if values have no quotes
 * @param charset UTF-8 or ISO 8859-1
 */
public record Dialect(String delimiter, String quote, boolean header, Charset charset) {

  /** RFC 4180: commas, double quotes, a header. */
  public static final Dialect COMMA = new Dialect(",", "\"", true, UTF_8);
}
