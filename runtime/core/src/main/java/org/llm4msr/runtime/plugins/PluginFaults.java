package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns what plugins throw into errors for users. */
public final class PluginFaults {

  /** Enough to see a recursion; the JVM keeps 1024. */
  private static final int FRAMES = 20;

  /** What PyTorch appends to its messages. */
  private static final String NATIVE_FRAMES = "(?s)\nException raised from .*";

  private PluginFaults() {}

  /**
   * Returns the error for users if a plugin overflowed the stack, else nothing. Shortens the trace
   * of an overflow.
   */
  public static Optional<MsrException> explain(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof StackOverflowError overflow) {
        shorten(overflow);
        return ErrorSource.frame(overflow)
            .map(frame -> overflow("Code of " + ErrorSource.folder(frame), overflow));
      }
    }
    return Optional.empty();
  }

  /** Returns the error for users, with the frames of the plugin, of what a plugin folder threw. */
  public static Optional<MsrException> fault(Throwable error) {
    return ErrorSource.ofFolder(error).map(thrown -> ofFolder(thrown, error));
  }

  private static MsrException ofFolder(Throwable thrown, Throwable error) {
    List<StackTraceElement> frames = ErrorSource.framesOfFolder(thrown);
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/FAULT",
        "Code of %s threw %s%s\nMend it there, or report it to its author; --debug shows the whole stack."
            .formatted(
                ErrorSource.folder(frames.get(0)),
                withCauses(thrown),
                frames.stream()
                    .limit(FRAMES)
                    .map(frame -> "\n  at " + ErrorSource.place(frame))
                    .collect(Collectors.joining())),
        error);
  }

  private static String withCauses(Throwable thrown) {
    String text = thrown.toString().replaceFirst(NATIVE_FRAMES, "").strip();
    Throwable cause = thrown.getCause();
    return cause == null ? text : text + ", caused by " + withCauses(cause);
  }

  /** Returns the error for users of an overflow of the stack in some code. */
  static MsrException overflow(String code, StackOverflowError error) {
    PluginProblem problem = problem(error);
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/" + problem.code(),
        "%s %s. %s".formatted(code, problem.description(), problem.remedy()),
        error);
  }

  static PluginProblem problem(StackOverflowError error) {
    shorten(error);
    return new PluginProblem(
        "STACK_OVERFLOW",
        "overflowed the stack" + place(error),
        "End the recursion; if it must be that deep, raise the limit with"
            + " LLM4MSR_JAVA_OPTS=-Xss64m.");
  }

  private static String place(StackOverflowError error) {
    return ErrorSource.frames(error).stream()
        .findFirst()
        .map(frame -> ", in the calls of " + ErrorSource.place(frame))
        .orElse("");
  }

  private static void shorten(StackOverflowError error) {
    StackTraceElement[] trace = error.getStackTrace();
    if (trace.length > FRAMES) {
      error.setStackTrace(Arrays.copyOf(trace, FRAMES));
    }
  }
}
