package org.llm4msr.tck.rule;

import java.util.List;

/** What a test of the kit is about. */
public interface TestSubject {

  /** Returns the plugin, its kind and the settings with which it is tested. */
  String subject();

  /** Returns what the plugin's code shows that may have broken a rule. */
  List<String> hints(RuleInfo rule);
}
