package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.charset.Charset;

/**
 * The format of delimited files.
 *
 * @param quote empty if values have no quotes
 * @param charset UTF-8 or ISO 8859-1
 */
record Dialect(String delimiter, String quote, boolean header, Charset charset) {

  /** RFC 4180: commas, double quotes, a header. */
  static final Dialect COMMA = new Dialect(",", "\"", true, UTF_8);
}
