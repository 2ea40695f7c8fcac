package org.llm4msr.runtime.plugins.check;

import java.util.List;

/**
 * One step of a check.
 *
 * @param folder the plugin folder
 * @param subject the plugin as {@code kind name}, or empty for what concerns the whole folder
 * @param name for example {@code linkage}
 * @param detail what was done, or why not, on one line
 * @param findings the reasons of a failure
 * @param notes what makes no plugin unsound
 */
public record CheckStep(
    String folder,
    String subject,
    String name,
    State state,
    String detail,
    List<CheckFinding> findings,
    List<String> notes) {

  /** The name of the step that follows all others. */
  public static final String END = "end";

  /** Copies the lists. */
  public CheckStep {
    findings = List.copyOf(findings);
    notes = List.copyOf(notes);
  }

  /** How a step ended. */
  public enum State {
    /** It has not ended: the process did, if nothing follows. */
    STARTED,
    /** Nothing is wrong. */
    OK,
    /** Something is wrong. */
    FAILED,
    /** It could not be done. */
    SKIPPED
  }
}
