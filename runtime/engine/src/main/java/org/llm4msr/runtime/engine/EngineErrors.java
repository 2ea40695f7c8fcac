package org.llm4msr.runtime.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns an engine's refusal of an operation into an error that says who requested it. */
final class EngineErrors {

  private static final String ENGINES = "ai.djl.";

  private EngineErrors() {}

  /** Returns the error for users if an engine refused an operation, else nothing. */
  static Optional<MsrException> explain(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      List<StackTraceElement> trace = Arrays.asList(at.getStackTrace());
      if (at instanceof UnsupportedOperationException
          && !trace.isEmpty()
          && ofEngine(trace.get(0))) {
        return Optional.of(explain(at, trace));
      }
    }
    return Optional.empty();
  }

  private static MsrException explain(Throwable error, List<StackTraceElement> trace) {
    StackTraceElement refused = trace.get(0);
    String asked =
        trace.stream()
            .dropWhile(EngineErrors::ofEngine)
            .findFirst()
            .map(frame -> " by " + frame)
            .orElse("");
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/UNSUPPORTED",
        "The engine %s does not have the operation %s that it was asked for%s. Set runtime.engine to another one. The plugin's author names what it needs in engineFeatures, or does without."
            .formatted(engine(refused), refused.getMethodName(), asked),
        error);
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
