package org.llm4msr.tck;

import java.util.List;

/** Rules as their annotations state them. */
final class Rules {

  private Rules() {}

  static RuleInfo info(Rule rule) {
    return new RuleInfo(rule.id(), rule.level(), rule.says(), List.of(rule.checkFirst()));
  }
}
