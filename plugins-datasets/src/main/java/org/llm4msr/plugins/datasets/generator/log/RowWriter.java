package org.llm4msr.plugins.datasets.generator.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Writes a text file row by row; compressed if its name ends in {@code .gz}. */
public final class RowWriter implements AutoCloseable {

  private final Writer writer;
  private final String separator;

  public RowWriter(Path file, String separator, Charset charset) throws IOException {
    this.separator = separator;
    OutputStream bytes = Files.newOutputStream(file);
    if (file.toString().endsWith(".gz")) {
      bytes = new GZIPOutputStream(bytes);
    }
    writer = new BufferedWriter(new OutputStreamWriter(bytes, charset));
  }

  /** Opens a file in UTF-8. */
  public RowWriter(Path file, String separator) throws IOException {
    this(file, separator, UTF_8);
  }

  /** Appends a row; values get quotes where needed. */
  public RowWriter row(Object... values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      if (i > 0) {
        writer.write(separator);
      }
      writer.write(String.valueOf(values[i]));
    }
    writer.write('\n');
    return this;
  }

  /** Returns a text in double quotes, with those inside it doubled. */
  public static String quoted(Object value) {
    return '"' + String.valueOf(value).replace("\"", "\"\"") + '"';
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
