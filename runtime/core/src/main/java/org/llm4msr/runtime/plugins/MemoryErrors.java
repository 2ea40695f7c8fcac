package org.llm4msr.runtime.plugins;

import ai.djl.engine.EngineException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Turns running out of memory, in the JVM or the engine, into an error that names what to change.
 */
public final class MemoryErrors {

  /** The messages of PyTorch on the CPU and on a GPU, and that of MXNet. */
  private static final Pattern ENGINE =
      Pattern.compile(
          "out of memory|can't allocate memory|failed to allocate|CUBLAS_STATUS_ALLOC_FAILED",
          Pattern.CASE_INSENSITIVE);

  /** How one machine gets more. */
  public static final String MORE_HEAP = "Raise its limit with LLM4MSR_JAVA_OPTS=-Xmx8g";

  public static final String MORE_DIRECT =
      "Raise its limit with LLM4MSR_JAVA_OPTS=-XX:MaxDirectMemorySize=8g";

  private static final String NEEDS =
      "docs/operating.md, Memory, says what needs how much: mostly training.batchSize, the"
          + " widths of layers, and the rows of tables.";

  private MemoryErrors() {}

  /** Returns the error for users if memory ran out, else nothing. */
  public static Optional<MsrException> explain(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      String message = String.valueOf(at.getMessage());
      if (at instanceof OutOfMemoryError) {
        return Optional.of(ofJvm(message, error));
      }
      if (at instanceof EngineException && ENGINE.matcher(message).find()) {
        return Optional.of(
            error(
                "ENGINE",
                "The engine ran out of memory: %s. Lower training.batchSize (batchTokens for a decoder), or set runtime.device to one with more. %s"
                    .formatted(
                        message
                            .lines()
                            .filter(ENGINE.asPredicate())
                            .findFirst()
                            .orElse(message)
                            .replaceFirst("\\.$", ""),
                        NEEDS),
                error));
      }
    }
    return Optional.empty();
  }

  private static MsrException ofJvm(String message, Throwable error) {
    if (message.contains("direct")) {
      return error(
          "DIRECT",
          "Java's memory outside the heap ran out: %s. %s, or reduce what is needed. %s"
              .formatted(message, MORE_DIRECT, NEEDS),
          error);
    }
    return error(
        "HEAP",
        "Java's heap of %,d MiB ran out: %s. %s, or reduce what is needed. %s"
            .formatted(Runtime.getRuntime().maxMemory() >> 20, message, MORE_HEAP, NEEDS),
        error);
  }

  private static MsrException error(String code, String text, Throwable cause) {
    return new MsrException(ErrorType.RESOURCES, "memory/" + code, text, cause);
  }
}
