package org.llm4msr.runtime.plugins;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Thrown where code in a plugin folder would end the process: {@link ExitCalls} has it call the
 * methods of this class. An error, so that a plugin that catches exceptions does not swallow it.
 */
@SuppressWarnings("DoNotCallSuggester") // Called by classes that ExitCalls changes.
public final class PluginExit extends Error {

  static final String REMEDY =
      "Throw an exception there, which the command reports; of a library, do without the part"
          + " that ends the process.";

  private static final long serialVersionUID = 1L;

  private PluginExit(String call) {
    super(caller() + " called " + call);
  }

  /** Stands in for {@code System.exit}. */
  public static void exit(int code) {
    throw new PluginExit("System.exit(%d)".formatted(code));
  }

  /** Stands in for {@code Runtime.exit}. */
  public static void exit(Runtime runtime, int code) {
    throw new PluginExit("Runtime.exit(%d)".formatted(code));
  }

  /** Stands in for {@code Runtime.halt}. */
  public static void halt(Runtime runtime, int code) {
    throw new PluginExit("Runtime.halt(%d)".formatted(code));
  }

  /** Returns, in words, the innermost line of a plugin folder's code. */
  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .map(StackWalker.StackFrame::toStackTraceElement)
                    .filter(ErrorSource::isOfFolder)
                    .findFirst())
        .map(ErrorSource::where)
        .orElse("Code of a plugin folder");
  }

  /** Returns the error for users. */
  public MsrException explained() {
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/EXIT",
        "%s, which would have ended llm4msr. What is stored is kept. %s"
            .formatted(getMessage(), REMEDY),
        this);
  }
}
