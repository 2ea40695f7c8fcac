package org.llm4msr.runtime.data.buckets;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The text of a crossed value: the texts of its parts with {@code " & "} between them. In a part a
 * backslash and an ampersand have a backslash before them; a part that is missing is {@code \-}.
 * Different parts have different texts.
 */
public final class CrossText {

  private static final String BETWEEN = " & ";
  private static final String MISSING = "\\-";

  private CrossText() {}

  /**
   * Returns the text.
   *
   * @param parts null where one is missing
   */
  public static String of(List<@Nullable String> parts) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i);
      text.append(i == 0 ? "" : BETWEEN);
      text.append(part == null ? MISSING : escaped(part));
    }
    return text.toString();
  }

  private static String escaped(String part) {
    return part.indexOf('\\') < 0 && part.indexOf('&') < 0
        ? part
        : part.replace("\\", "\\\\").replace("&", "\\&");
  }

  /**
   * Returns the text in SQL.
   *
   * @param parts expressions, null where one is missing
   */
  public static String sql(List<String> parts) {
    return parts.stream()
        .map("coalesce(replace(replace(%s, '\\', '\\\\'), '&', '\\&'), '\\-')"::formatted)
        .collect(Collectors.joining(" || '" + BETWEEN + "' || ", "(", ")"));
  }
}
