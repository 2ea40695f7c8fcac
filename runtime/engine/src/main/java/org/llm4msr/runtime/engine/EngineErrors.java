package org.llm4msr.runtime.engine;

import ai.djl.engine.EngineException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns an engine's refusal of an operation into an error that says who asked for it. */
final class EngineErrors {

  private static final String ENGINES = "ai.djl.";

  /** In the messages of PyTorch and MXNet. */
  private static final Pattern IN_PLACE =
      Pattern.compile("in-?place operation", Pattern.CASE_INSENSITIVE);

  private static final String FOUND_LATER = "has been modified by an inplace operation";

  private EngineErrors() {}

  /** Returns the error for users if an engine refused an operation, else nothing. */
  static Optional<MsrException> explain(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      List<StackTraceElement> trace = Arrays.asList(at.getStackTrace());
      if (at instanceof UnsupportedOperationException
          && !trace.isEmpty()
          && ofEngine(trace.get(0))) {
        return Optional.of(unsupported(at, trace));
      }
      String message = String.valueOf(at.getMessage());
      if (at instanceof EngineException && IN_PLACE.matcher(message).find()) {
        return Optional.of(inPlace(error, trace, message));
      }
    }
    return Optional.empty();
  }

  private static MsrException unsupported(Throwable error, List<StackTraceElement> trace) {
    StackTraceElement refused = trace.get(0);
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/UNSUPPORTED",
        "The engine %s does not have the operation %s that it was asked for%s. Set runtime.engine to another one. The plugin's author names what it needs in engineFeatures, or does without."
            .formatted(engine(refused), refused.getMethodName(), asker(trace)),
        error);
  }

  /** What a backward pass finds was done before, by code that is not in its stack. */
  private static MsrException inPlace(
      Throwable error, List<StackTraceElement> trace, String message) {
    String operation =
        trace.stream()
            .takeWhile(EngineErrors::ofEngine)
            .reduce((inner, outer) -> outer)
            .map(StackTraceElement::getMethodName)
            .orElse("an operation");
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/IN_PLACE",
        "An array that gradients need was changed in place%s. Have the plugin use operations that return a new array: mul for muli, add for addi."
            .formatted(
                message.contains(FOUND_LATER)
                    ? ""
                    : " by %s, asked for%s".formatted(operation, asker(trace))),
        error);
  }

  private static String asker(List<StackTraceElement> trace) {
    return trace.stream()
        .dropWhile(EngineErrors::ofEngine)
        .findFirst()
        .map(frame -> " by " + frame)
        .orElse("");
  }

  private static String engine(StackTraceElement frame) {
    return frame.getClassName().toLowerCase(Locale.ROOT).contains("mxnet")
        ? MxNetEngine.NAME
        : PyTorchEngine.NAME;
  }

  private static boolean ofEngine(StackTraceElement frame) {
    return frame.getClassName().startsWith(ENGINES);
  }
}
