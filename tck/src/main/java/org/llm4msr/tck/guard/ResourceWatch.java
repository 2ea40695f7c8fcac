package org.llm4msr.tck.guard;

import java.util.List;

/** Knows what existed before a test; reports what was added since. */
@FunctionalInterface
interface ResourceWatch {

  /** Returns one line for each thing that was left behind, and restores what it can. */
  List<String> leftovers();
}
