package org.llm4msr.runtime.experiment;

/** The notice on results whose prompts were also made from validation and test rows. */
public final class LeakNotice {

  /** The notice. */
  public static final String TEXT =
      "knowledge.prompts.leakFutureInteractions is on: prompts reveal validation and test rows,"
          + " so metrics show how much leaks, not how good the model is.";

  private LeakNotice() {}

  /** Returns a text, with the notice below it if something leaks. */
  public static String appendedTo(String text, boolean leaks) {
    return leaks ? text.stripTrailing() + "\nNOTE: " + TEXT + "\n" : text;
  }
}
