package org.llm4msr.server.refusal;

import java.util.regex.Pattern;
import org.llm4msr.api.MsrException;

/** Texts of errors as they are sent: a request does not get more of itself back than a little. */
public final class SentText {

  /** Characters of a value that an error shows. */
  static final int MOST_OF_VALUE = 100;

  private static final int MOST = 2_000;
  private static final Pattern LONG_QUOTE =
      Pattern.compile("'([^']{%d})[^']+'".formatted(MOST_OF_VALUE));
  private static final Pattern LONG_WORD =
      Pattern.compile("(\\S{%d})\\S+".formatted(MOST_OF_VALUE + 10));

  private SentText() {}

  /** Returns the text of an error without its code. */
  public static String of(MsrException error) {
    return shortened(error.text());
  }

  /** Returns the text of an error with its code, in brackets. */
  public static String withCode(MsrException error) {
    return "[%s] %s".formatted(error.code(), of(error));
  }

  private static String shortened(String text) {
    String quotes = LONG_QUOTE.matcher(text).replaceAll("'$1...'");
    String words = LONG_WORD.matcher(quotes).replaceAll("$1...");
    return words.length() <= MOST ? words : words.substring(0, MOST) + "...";
  }
}
