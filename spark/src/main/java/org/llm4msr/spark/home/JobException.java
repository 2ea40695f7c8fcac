package org.llm4msr.spark.home;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The error that a user sees: {@code [code] text}. It travels from executors to the driver. */
public final class JobException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final Pattern KNOWN = Pattern.compile("(?s)\\[([a-z-]+/[A-Z_0-9]+)\\] (.*)");

  private final boolean ofUser;

  private JobException(boolean ofUser, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.ofUser = ofUser;
  }

  /** Makes an error of who started the job. */
  public static JobException ofUser(String code, String text) {
    return new JobException(true, "[" + code + "] " + text, null);
  }

  /** Makes another error. */
  public static JobException of(String code, String text, @Nullable Throwable cause) {
    return new JobException(false, "[" + code + "] " + text, cause);
  }

  /**
   * Returns an error of the runtime as one that any process of Spark can read; others as they are.
   *
   * @param place what stands before its text; empty for nothing
   */
  public static RuntimeException of(RuntimeException error, String place) {
    Matcher known = KNOWN.matcher(String.valueOf(error.getMessage()));
    if (error instanceof JobException || !known.matches()) {
      return error;
    }
    String before = place.isEmpty() ? "" : place + ": ";
    JobException passed =
        new JobException(
            error instanceof IllegalArgumentException,
            "[%s] %s%s".formatted(known.group(1), before, known.group(2)),
            null);
    passed.setStackTrace(error.getStackTrace());
    return passed;
  }

  /** Returns the error that the user should see, however deeply Spark wrapped it. */
  public static @Nullable JobException in(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof JobException known) {
        return known;
      }
    }
    return null;
  }

  /** Returns whether it is an error of who started the job. */
  public boolean isOfUser() {
    return ofUser;
  }
}
