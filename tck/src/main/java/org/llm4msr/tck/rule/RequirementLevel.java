package org.llm4msr.tck.rule;

/** How binding a rule is. */
public enum RequirementLevel {
  /** A plugin that breaks it is wrong. */
  MUST,
  /**
   * A plugin may break it for a reason, which its test states: {@code PluginConformance.waived}.
   */
  SHOULD
}
