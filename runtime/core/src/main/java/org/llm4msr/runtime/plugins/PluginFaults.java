package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns errors of the JVM that are a plugin's fault into errors for users. */
public final class PluginFaults {

  /** Enough to see a recursion; the JVM keeps 1024. */
  private static final int FRAMES = 20;

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
    return Arrays.stream(error.getStackTrace())
        .filter(frame -> !isOfJdk(frame))
        .findFirst()
        .map(frame -> ", in the calls of " + ErrorSource.place(frame))
        .orElse("");
  }

  private static boolean isOfJdk(StackTraceElement frame) {
    return frame.getModuleName() != null;
  }

  private static void shorten(StackOverflowError error) {
    StackTraceElement[] trace = error.getStackTrace();
    if (trace.length > FRAMES) {
      error.setStackTrace(Arrays.copyOf(trace, FRAMES));
    }
  }
}
