package org.llm4msr.plugins.datasets.sql;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.TextInput;

/** Turns the failure of a query over files into an error that says what to do. */
final class QueryErrors {

  private QueryErrors() {}

  static MsrException of(Exception cause, List<Path> files) {
    if (cause instanceof MsrException explained) {
      return explained;
    }
    String text = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
    if (text.contains("Out of Memory Error") || text.contains("No space left")) {
      return new MsrException(
          ErrorType.RESOURCES,
          "data/RESOURCES",
          firstLine(text)
              + " while reading "
              + files
              + ". Raise runtime.memory, or free space on the disk.",
          cause);
    }
    int malformed = text.indexOf(TextInput.MALFORMED);
    if (malformed >= 0) {
      String message = text.substring(malformed + TextInput.MALFORMED.length()).strip();
      return malformed(message, "", cause);
    }
    return new MsrException(
        ErrorType.DATA,
        "data/UNREADABLE",
        "Cannot read " + files + ": " + firstLine(text) + ". Check the files.",
        cause);
  }

  /**
   * Returns the error that a row cannot be read.
   *
   * @param message file, place and fault, as a sentence
   * @param advice what to do where it is not the row that is wrong; empty otherwise
   */
  static MsrException malformed(String message, String advice, Exception cause) {
    String mend =
        message.endsWith(TextInput.NOT_UTF_8)
            ? "Convert the file to UTF-8, or fix the row."
            : "Fix or remove the row.";
    return new MsrException(
        ErrorType.DATA,
        "data/MALFORMED_ROW",
        message + " " + (advice.isEmpty() ? mend : advice),
        cause);
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }
}
