package org.llm4msr.runtime.data.arrow;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/** The errors of the data plane. */
public final class DataErrors {

  private static final int SHOWN = 300;
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]");

  /** What to do where memory is short. */
  public static final String MORE_MEMORY = "Raise runtime.memory or lower runtime.threads.";

  private DataErrors() {}

  public static MsrException data(String code, String message) {
    return new MsrException(ErrorType.DATA, "data/" + code, message);
  }

  public static MsrException user(String code, String message) {
    return new MsrException(ErrorType.USER, "data/" + code, message);
  }

  /** Returns a value for an error text: one line, and of a long one the beginning. */
  public static String shown(Object value) {
    String text = value.toString();
    String start = text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
    return CONTROL.matcher(start).replaceAll(" ");
  }

  /** Says what a failed file operation means for the user. */
  public static MsrException io(Path path, IOException failure) {
    String text = String.valueOf(failure.getMessage());
    if (FileErrors.isDiskFull(failure)) {
      return diskFull(path, failure);
    }
    if (failure instanceof AccessDeniedException || text.contains("Read-only file system")) {
      return new MsrException(
          ErrorType.RESOURCES,
          "data/NOT_WRITABLE",
          path
              + " cannot be written or read: "
              + FileErrors.reason(failure)
              + ". Choose another workspace.",
          failure);
    }
    return new MsrException(
        ErrorType.EXTERNAL,
        "data/FILE",
        "A file operation failed at "
            + path
            + ": "
            + FileErrors.reason(failure)
            + ". Check the path and the disk.",
        failure);
  }

  /** Says what a failure of the database means for the user. */
  public static MsrException database(Path scratch, Exception failure) {
    String text = String.valueOf(failure.getMessage());
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left")
        || lower.contains("disk quota")
        || lower.contains("max_temp_directory_size")) {
      return diskFull(scratch, failure);
    }
    if (lower.contains("out of memory")) {
      return new MsrException(
          ErrorType.RESOURCES,
          "data/OUT_OF_MEMORY",
          "Preparation ran out of memory: " + firstLine(text) + ". " + MORE_MEMORY,
          failure);
    }
    return new MsrException(
        ErrorType.INTERNAL,
        "data/DATABASE",
        "The database failed during preparation in " + scratch + ": " + firstLine(text) + ".",
        failure);
  }

  private static MsrException diskFull(Path path, Exception failure) {
    return new MsrException(
        ErrorType.RESOURCES,
        "data/DISK_FULL",
        "The disk of "
            + path
            + " is full; preparation needs about twice the size of the raw data. Free space or"
            + " choose another workspace.",
        failure);
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }
}
