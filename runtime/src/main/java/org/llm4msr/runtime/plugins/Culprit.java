package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells whose code an error came from, by the class loaders that plugin folders have. */
public final class Culprit {

  /** What the name of a plugin folder's class loader begins with. */
  static final String LOADER = "plugin:";

  private Culprit() {}

  /** Returns the innermost frame that is a plugin folder's. */
  static Optional<StackTraceElement> frame(Throwable error) {
    return Arrays.stream(error.getStackTrace())
        .filter(frame -> String.valueOf(frame.getClassLoaderName()).startsWith(LOADER))
        .findFirst();
  }

  /** Returns the plugin folder of a frame in words. */
  static String folder(StackTraceElement frame) {
    return "the plugin folder "
        + String.valueOf(frame.getClassLoaderName()).substring(LOADER.length());
  }

  /** Returns in words whose fault an error is. */
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
