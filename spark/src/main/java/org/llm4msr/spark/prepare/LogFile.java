package org.llm4msr.spark.prepare;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file of the log.
 *
 * @param number its place among them
 * @param path on every node
 * @param part of the log; may be empty
 * @param lines whether it is text, of which nodes read some lines each
 * @param header its first line
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes: nobody knows the encoding here.
record LogFile(int number, String path, String part, boolean lines, byte[] header)
    implements Serializable {

  /** Takes what the runtime tells of a file. */
  static LogFile of(int number, Map<?, ?> told) throws IOException {
    String path = (String) told.get("path");
    boolean lines = Boolean.TRUE.equals(told.get("lines"));
    return new LogFile(
        number,
        path,
        (String) told.get("part"),
        lines,
        lines ? firstLine(Path.of(path)) : new byte[0]);
  }

  private static byte[] firstLine(Path file) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (InputStream in = new java.io.BufferedInputStream(Files.newInputStream(file))) {
      for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
        line.write(next);
      }
    }
    return line.toByteArray();
  }

  /** Returns the end of the file's name, for a piece of it. */
  String ending() {
    if (lines) {
      return ".csv";
    }
    String name = String.valueOf(Path.of(path).getFileName());
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot);
  }
}
