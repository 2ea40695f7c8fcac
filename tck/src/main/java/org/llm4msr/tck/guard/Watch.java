package org.llm4msr.tck.guard;

import java.util.List;

/** What was there before a test; tells what has come since. */
@FunctionalInterface
interface Watch {

  /** Returns one line for each thing that was left behind, and puts back what it can. */
  List<String> leftovers();
}
