package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.util.SerializableConfiguration;
import org.llm4msr.spark.home.JobException;

/**
 * A file of the log.
 *
 * @param number its place among them
 * @param place its path on every node, or the URL of text, or its name in the staging folder
 * @param name what it is called in errors
 * @param part of the log; may be empty
 * @param kind what it is
 * @param header its first line; empty but for text
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes: nobody knows the encoding here.
record LogFile(int number, String place, String name, String part, Kind kind, byte[] header)
    implements Serializable {

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
      place = place.contains(":/") ? place : url(Path.of(place));
      header = LogSource.header(place, hadoop);
    }
    return new LogFile(number, place, text(told, "name"), text(told, "part"), kind, header);
  }

  private static String text(Map<?, ?> told, String name) {
    return (String) requireNonNull(told.get(name), name);
  }

  /**
   * Returns the URL of a file or folder of this machine.
   *
   * @throws JobException {@code spark/ESCAPED} where a URL escapes some of its characters, which
   *     parts of Spark take as they are
   */
  static String url(Path path) {
    String url = path.toUri().toString();
    if (url.contains("%")) {
      throw JobException.ofUser(
          "spark/ESCAPED",
          "%s has spaces or other characters that URLs escape, which Spark confuses. Rename it, or name a link to it."
              .formatted(path));
    }
    return url;
  }

  /** Returns what tells text from other text: Spark writes URLs in its own way. */
  static String key(String url) {
    URI place = URI.create(url);
    return requireNonNullElse(place.getAuthority(), "") + place.getPath();
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
