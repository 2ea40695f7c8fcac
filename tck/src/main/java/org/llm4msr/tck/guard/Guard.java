package org.llm4msr.tck.guard;

import java.util.List;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.RuleInfo;

/** A resource that a test must leave as it was. */
public enum Guard {
  /** No tensor of the engine is open that was not open before. */
  ARRAYS(
      "GUARD-01",
      "leaves no NDArray open",
      List.of(
          "temporaries belong to pass.manager(), which the runtime closes",
          "a result attaches to the manager of its left operand",
          "getGradient() and toType() make a new array: close it",
          "run with -Dllm4msr.tck.debug=true to see where it was made")),
  /** No Arrow memory is allocated that was not allocated before. */
  ARROW(
      "GUARD-02",
      "leaves no Arrow buffer allocated",
      List.of(
          "close every vector, root, reader and child allocator, on errors too",
          "run with -Dllm4msr.tck.debug=true to see where it was allocated")),
  /** No thread runs that did not run before. */
  THREADS(
      "GUARD-03",
      "leaves no thread running",
      List.of(
          "close() must shut executors down and wait for them",
          "a daemon thread is a thread that is left behind as well")),
  /** The context class loader of the thread is the same as before. */
  CLASS_LOADER(
      "GUARD-04",
      "restores the context class loader",
      List.of("set it in try and set it back in finally")),
  /** The engine's random numbers start where the runtime set them. */
  SEED(
      "GUARD-05",
      "leaves the engine's seed alone",
      List.of(
          "the runtime seeds the engine before each step: never call setRandomSeed",
          "draw from a java.util.random generator of your own")),
  /** Texts and numbers look as before. */
  LOCALE(
      "GUARD-06",
      "leaves the default locale alone",
      List.of("give formatters a locale, such as Locale.ROOT: never call Locale.setDefault")),
  /** Times are read and shown as before. */
  TIME_ZONE(
      "GUARD-07",
      "leaves the default time zone alone",
      List.of("give what reads or shows times a ZoneId: never call TimeZone.setDefault")),
  /** System.in, System.out and System.err are those of before. */
  STREAMS(
      "GUARD-08",
      "leaves System.in, System.out and System.err alone",
      List.of("log through SLF4J: never call System.setIn, setOut or setErr"));

  @SuppressWarnings("ImmutableEnumChecker") // A record of strings, with a copied list.
  private final RuleInfo rule;

  Guard(String id, String says, List<String> checkFirst) {
    rule = new RuleInfo(id, RequirementLevel.MUST, false, says, checkFirst);
  }

  /** Returns the rule as in the table of the kit. */
  public RuleInfo rule() {
    return rule;
  }
}
