package org.llm4msr.runtime.text;

import java.util.regex.Pattern;

/** Passwords in addresses, such as {@code https://user:password@host}. */
public final class Passwords {

  /** A pattern of what is masked. */
  public static final String IN_ADDRESS = "(://[^/@\\s:]*:)[^/@\\s]*@";

  /** What replaces {@link #IN_ADDRESS}. */
  public static final String MASKED = "$1***@";

  private static final Pattern PATTERN = Pattern.compile(IN_ADDRESS);

  private Passwords() {}

  /** Returns a text for people, without passwords in addresses. */
  public static String masked(String text) {
    return PATTERN.matcher(text).replaceAll(MASKED);
  }
}
