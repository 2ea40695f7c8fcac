package org.llm4msr.tck.guard;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The standard streams of the process. */
final class StreamWatch implements ResourceWatch {

  private final InputStream in = System.in;
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;

  @Override
  public List<String> leftovers() {
    List<String> replaced = new ArrayList<>();
    if (System.in != in) {
      System.setIn(in);
      replaced.add("another System.in");
    }
    if (System.out != out) {
      System.setOut(out);
      replaced.add("another System.out");
    }
    if (System.err != err) {
      System.setErr(err);
      replaced.add("another System.err");
    }
    return replaced;
  }
}
