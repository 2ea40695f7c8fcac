package org.llm4msr.serving.recording;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Says why a pass cannot be recorded, whose code it is, and what to write in its place. */
final class Refusal {

  private static final List<String> RUNTIME =
      List.of(
          "org.llm4msr.serving.",
          "org.llm4msr.runtime.",
          "org.llm4msr.toolkit.",
          "org.llm4msr.api.",
          "ai.djl.",
          "java.",
          "jdk.");

  /** The way out where an operation is none that graphs have. */
  static final String LIST = "Use one that docs/plugins/backbone.md, What can be compiled, lists.";

  private Refusal() {}

  /** Refuses what the calling code does. */
  static MsrException of(String what, String wayOut) {
    return of(caller(), what, wayOut, null);
  }

  /** Refuses an operation of a recorded pass. */
  static MsrException of(Value value, String why, String wayOut) {
    String what = "uses the operation %s, %s.".formatted(value.operation(), why);
    return of(value.caller(), what, wayOut, null);
  }

  /** Refuses a pass as a whole. */
  static MsrException ofPass(String why, String wayOut) {
    return of("The model", why, wayOut, null);
  }

  /** Refuses a pass that fails while it is recorded. */
  static MsrException of(RuntimeException cause) {
    return of(
        "The model",
        "fails while it is recorded: %s.".formatted(cause),
        "RECORD-01 of the conformance kit shows where.",
        cause);
  }

  private static MsrException of(
      String who, String what, String wayOut, @Nullable Throwable cause) {
    return new MsrException(
        ErrorType.PLUGIN,
        "compile/NOT_RECORDED",
        "%s %s So the model cannot be compiled; `score` and a service that embeds the scorer run it as before. %s"
            .formatted(who, what, wayOut),
        cause);
  }

  /** Returns the innermost place outside of the runtime and the engine. */
  static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> RUNTIME.stream().noneMatch(frame.getClassName()::startsWith))
                    .findFirst()
                    .map(frame -> frame.getClassName() + ", line " + frame.getLineNumber() + ",")
                    .orElse("The runtime"));
  }
}
