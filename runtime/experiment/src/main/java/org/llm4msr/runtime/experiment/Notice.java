package org.llm4msr.runtime.experiment;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.scoring.UntimedRows;

/** What results must say about how they were made. */
public enum Notice {
  /** Prompts were also made from validation and test rows. */
  LEAK(
      "knowledge.prompts.leakFutureInteractions is on: prompts reveal validation and test rows,"
          + " so metrics show how much leaks, not how good the model is."),
  /** Rows also read events of later parts. */
  HISTORY(
      "until is row, in knowledge.history or model.sequences: a row also reads earlier events of"
          + " validation and test,"
          + " which models that read the training part alone do not know."),
  /** Rows that were scored have no time. */
  UNTIMED(UntimedRows.MEANING);

  private final String text;

  Notice(String text) {
    this.text = text;
  }

  /** Returns the notice. */
  public String text() {
    return text;
  }

  /** Returns those that hold. */
  public static List<String> texts(boolean leakFutureInteractions, boolean readsLaterParts) {
    List<String> texts = new ArrayList<>();
    if (readsLaterParts) {
      texts.add(HISTORY.text);
    }
    if (leakFutureInteractions) {
      texts.add(LEAK.text);
    }
    return texts;
  }

  /** Returns a text, with the notice below it if it holds. */
  public String appendedTo(String result, boolean holds) {
    return holds ? result.stripTrailing() + "\nNOTE: " + text + "\n" : result;
  }
}
