package org.llm4msr.runtime.experiment;

/** The notice on results of models that also read events of later parts. */
public final class HistoryNotice {

  /** The notice. */
  public static final String TEXT =
      "knowledge.history.until is row: a row also reads earlier events of validation and test, which"
          + " models that read the training part alone do not know.";

  private HistoryNotice() {}

  /** Returns a text, with the notice below it if later parts are read. */
  public static String appendedTo(String text, boolean readsLaterParts) {
    return readsLaterParts ? text.stripTrailing() + "\nNOTE: " + TEXT + "\n" : text;
  }
}
