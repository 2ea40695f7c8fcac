package org.llm4msr.runtime.text;

/** What somebody has sent, as error texts for the sender show it. */
public final class Shortened {

  private static final int LONGEST = 60;

  private Shortened() {}

  /** Returns a text in quotes, its beginning where it is long. */
  public static String of(String text) {
    return text.length() <= LONGEST
        ? "'" + text + "'"
        : "'"
            + text.substring(
                0,
                text.offsetByCodePoints(
                    0, Math.min(LONGEST, text.codePointCount(0, text.length()))))
            + "...'";
  }
}
