package org.llm4msr.runtime;

/** What is said of results whose prompts were made of validation and test rows as well. */
public final class LeakNotice {

  /** The notice. */
  public static final String TEXT =
      "knowledge.prompts.leakFutureInteractions is on: prompts reveal validation and test rows,"
          + " so metrics show how much leaks, not how good the model is.";

  private LeakNotice() {}

  /** Returns a text with the notice below it where something leaks. */
  public static String below(String text, boolean leaks) {
    return leaks ? text.stripTrailing() + "\nNOTE: " + TEXT + "\n" : text;
  }
}
