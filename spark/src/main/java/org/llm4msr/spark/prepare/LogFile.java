package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A file of the log.
 *
 * @param number its place among them
 * @param place its path on every node, or the URL of text without escapes, or its name in the
 *     staging folder
 * @param name what it is called in errors
 * @param part of the log; may be empty
 * @param kind what it is
 * @param header the first line of text that has one that names columns; else empty
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes: nobody knows the encoding here.
record LogFile(int number, String place, String name, String part, Kind kind, byte[] header)
    implements Serializable {

  /** The option of Spark without which names are patterns. */
  static final String GLOBS = "__globPaths__";

  /** What a file is. */
  enum Kind {
    /** Text, of which nodes read some lines each. */
    LINES,
    /** A table, which one node reads. */
    WHOLE,
    /** A table in the staging folder, which one node reads. */
    STAGED
  }

  /** Takes what the runtime tells of a file. */
  static LogFile of(int number, Map<?, ?> told, SerializableConfiguration hadoop)
      throws IOException {
    String place = text(told, "path");
    Kind kind = Kind.valueOf(text(told, "kind"));
    byte[] header = new byte[0];
    if (kind == Kind.LINES) {
      place = place.contains(":/") ? place : place(Path.of(place));
      if (Boolean.TRUE.equals(told.get("header"))) {
        header = LogSource.header(place, hadoop);
      }
    }
    return new LogFile(number, place, text(told, "name"), text(told, "part"), kind, header);
  }

  private static String text(Map<?, ?> told, String name) {
    return (String) requireNonNull(told.get(name), name);
  }

  /**
   * Returns a file or folder of this machine as Spark takes it: a URL in which nothing is escaped.
   */
  static String place(Path path) {
    return "file://" + path.toAbsolutePath();
  }

  /** Returns a place that Spark tells as a URL in which characters are escaped. */
  static String place(String url) {
    return new org.apache.hadoop.fs.Path(URI.create(url)).toString();
  }

  /** Returns what tells a place from another: Spark writes them in its own way. */
  static String key(String place) {
    URI url = new org.apache.hadoop.fs.Path(place).toUri();
    return requireNonNullElse(url.getAuthority(), "") + url.getPath();
  }

  /** Returns the end of the file's name, for a piece of it. */
  String ending() {
    if (kind == Kind.LINES) {
      return ".csv";
    }
    int dot = place.lastIndexOf('.');
    return dot < 0 ? "" : place.substring(dot);
  }
}
