package org.llm4msr.tck.rule;

/** What a test of the kit is about. */
public interface TestSubject {

  /** Returns the plugin, its kind and the settings with which it is tested. */
  String subject();
}
