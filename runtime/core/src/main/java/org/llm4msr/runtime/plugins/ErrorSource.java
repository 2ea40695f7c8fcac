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
    return Arrays.stream(error.getStackTrace())
        .filter(frame -> String.valueOf(frame.getClassLoaderName()).startsWith(LOADER))
        .findFirst();
  }

  /** Returns the plugin folder of a frame, in words. */
  static String folder(StackTraceElement frame) {
    return "the plugin folder "
        + String.valueOf(frame.getClassLoaderName()).substring(LOADER.length());
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
