package org.llm4msr.tck.rule;

import java.util.List;

/**
 * A rule as the table and a failure show it.
 *
 * @param id for example {@code BACKBONE-07}; never given to another rule
 * @param slow whether it takes longer than seconds and is only part of the full set
 * @param says what a plugin that keeps the rule does
 * @param checkFirst the usual causes of a failure
 */
public record RuleInfo(
    String id, RequirementLevel level, boolean slow, String says, List<String> checkFirst) {

  /** Copies the list. */
  public RuleInfo {
    checkFirst = List.copyOf(checkFirst);
  }

  @Override
  public String toString() {
    return id + " " + level + ": " + says;
  }
}
