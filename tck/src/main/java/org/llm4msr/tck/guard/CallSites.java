package org.llm4msr.tck.guard;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The place in the code under test that asked for memory. */
final class CallSites {

  private static final int FRAMES = 6;
  private static final List<String> LIBRARIES = List.of("ai.djl.", "org.apache.arrow.", "java.");
  private static final Set<String> RECORDERS =
      Set.of(CallSites.class.getName(), ArraySites.class.getName(), TrackedMemory.class.getName());

  private CallSites() {}

  /** Returns the innermost frames outside the libraries, one per line. */
  static String here() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .dropWhile(CallSites::isLibrary)
                    .limit(FRAMES)
                    .map(frame -> "\n      at " + frame.toStackTraceElement())
                    .collect(Collectors.joining()));
  }

  private static boolean isLibrary(StackWalker.StackFrame frame) {
    String name = frame.getClassName();
    return LIBRARIES.stream().anyMatch(name::startsWith)
        || RECORDERS.contains(name.replaceFirst("\\$.*", ""));
  }
}
