package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Finds out whose code an error came from, by the class loaders of plugin folders. */
public final class ErrorSource {

  /** The prefix of the name of a plugin folder's class loader. */
  static final String LOADER = "plugin:";

  private ErrorSource() {}

  /** Returns an error's frames outside the JDK, from the innermost on. */
  public static List<StackTraceElement> frames(Throwable error) {
    return Arrays.stream(error.getStackTrace())
        .filter(frame -> frame.getModuleName() == null)
        .toList();
  }

  /** Returns an error's frames in plugin folders' code, and the calls of that code. */
  static List<StackTraceElement> framesOfFolder(Throwable error) {
    List<StackTraceElement> frames = frames(error);
    return IntStream.range(0, frames.size())
        .filter(i -> isOfFolder(frames.get(i)) || (i > 0 && isOfFolder(frames.get(i - 1))))
        .mapToObj(frames::get)
        .toList();
  }

  /** Returns the first of an error and its causes that came through a plugin folder's code. */
  static Optional<Throwable> ofFolder(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      if (!framesOfFolder(at).isEmpty()) {
        return Optional.of(at);
      }
    }
    return Optional.empty();
  }

  /** Returns the innermost frame in a plugin folder's code, of an error or its first such cause. */
  static Optional<StackTraceElement> frame(Throwable error) {
    return ofFolder(error).map(thrown -> framesOfFolder(thrown).get(0));
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
}
