package org.llm4msr.runtime.text;

/** Words of commands that texts show, to be copied into a shell. */
public final class ShellWord {

  private ShellWord() {}

  /** Returns a word, quoted if necessary. */
  public static String quoted(String word) {
    return word.matches("[\\w./=:,+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
