package org.llm4msr.runtime.config.loading;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.BrokenPlugin;
import org.llm4msr.runtime.text.Passwords;

/** Collects everything that is wrong with a configuration, so that one run reports it all. */
public final class Problems {

  /**
   * One thing that is wrong.
   *
   * @param path the full key, or empty for the file as a whole
   * @param value the bad value as written; null if it is missing or must not be shown
   * @param origin where it was written
   * @param rule what it breaks, and what would be right
   */
  public record Problem(String path, @Nullable String value, Origin origin, String rule) {

    @Override
    public String toString() {
      String assignment = value == null ? path : path + " = " + value;
      return (assignment.isEmpty() ? "" : assignment + " ") + "(" + origin + "): " + rule;
    }
  }

  private final List<Problem> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Set<BrokenPlugin> mayHold = new LinkedHashSet<>();
  private boolean unreadable;

  /** Adds a problem. */
  public void add(String path, @Nullable String value, Origin origin, String rule) {
    String shown = value == null ? null : Passwords.masked(value);
    problems.add(new Problem(path, shown, origin, Passwords.masked(rule)));
  }

  /** Adds a text that is not YAML; other problems then follow from it. */
  void addUnreadable(Origin origin, String rule) {
    unreadable = true;
    add("", null, origin, rule);
  }

  /** Returns whether a text was not YAML. */
  boolean unreadable() {
    return unreadable;
  }

  /** Adds what cannot be used and may hold a plugin that a problem misses. */
  void mayBeIn(List<BrokenPlugin> broken) {
    mayHold.addAll(broken);
  }

  /** Adds a warning about something that works but should be changed. */
  public void warn(String warning) {
    warnings.add(warning);
  }

  /** Returns the problems in the order in which a reader of the file meets them. */
  public List<Problem> list() {
    return problems.stream()
        .sorted(Comparator.comparing(Problem::origin, Origin.READING_ORDER))
        .toList();
  }

  /** Returns the warnings. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** Throws {@code config/INVALID} with all problems of a user's file, if there are any. */
  public void throwIfAny(String file) {
    throwIfAny(file, "Fix this and run `llm4msr config check` on the file.");
  }

  /** Throws {@code config/INVALID} with all problems, if there are any. */
  void throwIfAny(String subject, String wayOut) {
    if (problems.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder(subject);
    int count = problems.size();
    text.append(count == 1 ? " has a problem:" : " has " + count + " problems:");
    int number = 1;
    for (Problem problem : list()) {
      text.append("\n  ").append(number++).append(". ").append(problem);
    }
    text.append(BrokenPlugin.mayHold(mayHold)).append('\n').append(wayOut);
    throw new MsrException(ErrorType.USER, "config/INVALID", text.toString());
  }
}
