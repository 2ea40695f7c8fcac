package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds out whose code an error came from, by the class loaders of plugin folders. */
public final class ErrorSource {

  /** The prefix of the name of a plugin folder's class loader. */
  static final String LOADER = "plugin:";

  private ErrorSource() {}

  /** Returns the innermost frame in a plugin folder's code. */
  static Optional<StackTraceElement> frame(Throwable error) {
    return Arrays.stream(error.getStackTrace()).filter(ErrorSource::isOfFolder).findFirst();
  }

  static boolean isOfFolder(StackTraceElement frame) {
    return String.valueOf(frame.getClassLoaderName()).startsWith(LOADER);
  }

  /** Returns class, method, file and line of a frame. */
  static String place(StackTraceElement frame) {
    return new StackTraceElement(
            frame.getClassName(), frame.getMethodName(), frame.getFileName(), frame.getLineNumber())
        .toString();
  }

  /** Returns the plugin folder of a frame, in words. */
  static String folder(StackTraceElement frame) {
    return "the plugin folder "
        + String.valueOf(frame.getClassLoaderName()).substring(LOADER.length());
  }

  /** Returns, in words, where a frame is: its line, and its plugin folder if it is in one. */
  public static String where(StackTraceElement frame) {
    return isOfFolder(frame) ? place(frame) + " in " + folder(frame) : place(frame);
  }

  /** Returns, in words, whose fault an error is. */
  public static String of(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      Optional<StackTraceElement> frame = frame(at);
      if (frame.isPresent()) {
        return "%s (%s)".formatted(folder(frame.get()), frame.get().getClassName());
      }
    }
    return "llm4msr or a plugin";
  }
}
