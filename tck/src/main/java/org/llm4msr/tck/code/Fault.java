package org.llm4msr.tck.code;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An exception that leaves a plugin. Two are equal if they have the same type and message, but for
 * numbers, and come from the same line of the plugin.
 */
public final class Fault {

  private static final Set<String> KIT =
      Set.of(
          "org.llm4msr.tck",
          "org.llm4msr.tck.code",
          "org.llm4msr.tck.guard",
          "org.llm4msr.tck.harness",
          "org.llm4msr.tck.rule");

  private final Throwable thrown;
  private final StackTraceElement place;
  private final String entry;

  private Fault(Throwable thrown, StackTraceElement place, String entry) {
    this.thrown = thrown;
    this.place = place;
    this.entry = entry;
  }

  /**
   * Finds the outermost exception, of one and its causes, that code of the plugin was left by.
   *
   * @param factory whose folder or jar holds the plugin's code
   */
  public static Optional<Fault> of(Throwable thrown, Class<?> factory) {
    Home home = Home.of(factory);
    if (home == null) {
      return Optional.empty();
    }
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      Optional<Fault> fault = at(each, home);
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  private static Optional<Fault> at(Throwable thrown, Home home) {
    List<StackTraceElement> inside =
        Arrays.stream(thrown.getStackTrace())
            .takeWhile(frame -> !frame.getClassName().startsWith("org.junit."))
            .dropWhile(frame -> isOfTheKit(frame) || home.find(frame.getClassName()) == null)
            .takeWhile(frame -> !isOfTheKit(frame))
            .filter(frame -> home.find(frame.getClassName()) != null)
            .toList();
    return inside.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fault(thrown, inside.get(0), inside.get(inside.size() - 1).getMethodName()));
  }

  private static boolean isOfTheKit(StackTraceElement frame) {
    return KIT.contains(packageOf(frame.getClassName()));
  }

  private static String packageOf(String type) {
    return type.substring(0, Math.max(0, type.lastIndexOf('.')));
  }

  /** Returns what failed where: {@code `forward` threw SomeException at line 31 of My.java}. */
  @Override
  public String toString() {
    String text = caller() + " threw " + thrown.getClass().getSimpleName();
    return place.getLineNumber() < 0
        ? text + " in " + place.getClassName()
        : text + " at line " + place.getLineNumber() + " of " + place.getFileName();
  }

  /** Returns the same with the message, and an exception that this one caused. */
  public String describe(Throwable outer) {
    if (outer != thrown) {
      return "%s (%s)".formatted(outer, this);
    }
    return thrown.getMessage() == null ? toString() : this + ": " + thrown.getMessage();
  }

  private String caller() {
    if (entry.startsWith("<")) {
      return "a constructor or static initializer";
    }
    return entry.startsWith("lambda$")
        ? "a lambda of `" + entry.split("\\$")[1] + "`"
        : "`" + entry + "`";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fault fault && key().equals(fault.key());
  }

  @Override
  public int hashCode() {
    return key().hashCode();
  }

  /** The line at which memory or the stack ends is chance. */
  private List<String> key() {
    String type = thrown.getClass().getName();
    return thrown instanceof VirtualMachineError
        ? List.of(type)
        : List.of(
            type,
            ("" + thrown.getMessage()).replaceAll("\\w*\\d\\w*", "#"),
            place.getClassName(),
            "" + place.getLineNumber());
  }
}
