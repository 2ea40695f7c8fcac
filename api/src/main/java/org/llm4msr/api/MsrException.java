package org.llm4msr.api;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The error that a user sees. Its text is {@code [code] what happened. Where. Next step.}; code is
 * {@code namespace/NAME} such as {@code data/MISSING_COLUMN}, and stays the same over releases.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public class MsrException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorType type;
  private final String code;
  private final boolean retryable;

  /**
   * Makes an error.
   *
   * @param message what happened, where, and what to do next; without the code
   */
  public MsrException(ErrorType type, String code, String message) {
    this(type, code, message, null, false);
  }

  /** Makes an error with its cause. */
  public MsrException(ErrorType type, String code, String message, @Nullable Throwable cause) {
    this(type, code, message, cause, false);
  }

  /**
   * Makes an error with its cause.
   *
   * @param retryable whether the same call may succeed later, without any change
   */
  public MsrException(
      ErrorType type, String code, String message, @Nullable Throwable cause, boolean retryable) {
    super("[" + code + "] " + message, cause);
    this.type = requireNonNull(type, "type is null");
    this.code = requireNonNull(code, "code is null");
    this.retryable = retryable;
  }

  /** Returns the message without the code. */
  public String text() {
    return String.valueOf(getMessage()).substring(code.length() + 3);
  }

  /** Returns whose error it is. */
  public ErrorType type() {
    return type;
  }

  /** Returns the stable code, {@code namespace/NAME}. */
  public String code() {
    return code;
  }

  /** Returns whether the same call may succeed later, without any change. */
  public boolean retryable() {
    return retryable;
  }
}
