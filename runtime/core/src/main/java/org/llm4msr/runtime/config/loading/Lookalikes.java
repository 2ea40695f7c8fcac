package org.llm4msr.runtime.config.loading;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Explains what looks like YAML's own characters and is text to it: a colon without a space,
 * full-width colons, spaces other than the plain one, typographic quotes. Values may hold all of
 * them, so it is asked about texts that were refused.
 */
final class Lookalikes {

  /** Longer texts are no settings, and not worth the time that these patterns could take. */
  private static final int LONGEST = 500;

  private static final Pattern SPACE = Pattern.compile("[\\p{Zs}\\u200B\\uFEFF&&[^ ]]");
  private static final Pattern QUOTE = Pattern.compile("[\\u2018-\\u201F\\uFF02\\uFF07]");

  /** A key, its colon, and the value up to the next key, where lines were joined. */
  private static final Pattern ENTRY =
      Pattern.compile(
          "(?<key>[A-Za-z_][\\w.-]+|\"[^\"]+\"|'[^']+')\\s*(?<colon>[:\\uFF1A\\uFE55])(?<gap>(?:\\s|%s)*)(?<value>.*?)(?=$|\\s+[A-Za-z_][\\w.-]+[:\\uFF1A\\uFE55])"
              .formatted(SPACE));

  private static final Pattern EDGE = Pattern.compile("^%1$s|%1$s$".formatted(SPACE));
  private static final Pattern QUOTED = Pattern.compile("^%1$s|%1$s$".formatted(QUOTE));
  private static final Pattern ENCLOSED =
      Pattern.compile("(?s)%1$s[^\\u2018-\\u201F]*%1$s|%2$s.*|.*%2$s".formatted(QUOTE, SPACE));
  private static final Pattern INDENT = Pattern.compile("[ \\t]*(%s)".formatted(SPACE));
  private static final Pattern HALF_QUOTED =
      Pattern.compile(
          "(?:^|[:,\\[{-])\\s*(?<plain>[\"'])(?:(?!\\k<plain>)[^#])*?(?<other>%s)(?:(?!\\k<plain>).)*$"
              .formatted(QUOTE));
  private static final String FULL_WIDTH_COMMA = "\uFF0C";

  private Lookalikes() {}

  /**
   * What is wrong in a line.
   *
   * @param column from 0
   */
  record Finding(int column, String rule) {}

  /**
   * Explains the line where reading YAML ended, and those above it that it was joined with; by
   * number.
   */
  static Map<Integer, Finding> inLinesUpTo(List<String> lines, int last) {
    Map<Integer, Finding> findings = new HashMap<>(inLine(lines, last));
    boolean joined = true;
    for (int line = last - 1; joined && line >= 0; line--) {
      Map<Integer, Finding> above = inLine(lines, line);
      findings.putAll(above);
      String text = lines.get(line).strip();
      joined = !above.isEmpty() || text.isEmpty() || text.startsWith("#");
    }
    return findings;
  }

  /** Explains a line at which a text stopped being YAML, by its number; empty if it is not odd. */
  static Map<Integer, Finding> inLine(List<String> lines, int line) {
    return line >= lines.size() || lines.get(line).length() > LONGEST
        ? Map.of()
        : inLine(lines.get(line)).map(finding -> Map.of(line, finding)).orElse(Map.of());
  }

  private static Optional<Finding> inLine(String line) {
    int start = line.length() - line.replaceFirst("^(?:[ \\t]|- )+", "").length();
    return indent(line)
        .or(() -> entry(line.substring(start)).flatMap(rule -> finding(start, rule)))
        .or(() -> halfQuoted(line, start));
  }

  private static Optional<Finding> indent(String line) {
    Matcher indent = INDENT.matcher(line);
    if (!indent.lookingAt()) {
      return Optional.empty();
    }
    String text = line.replaceFirst("^(?:\\s|%s)+".formatted(SPACE), "");
    String rule = letter(text, "is indented with", indent.group(1), "");
    return finding(indent.start(1), rule + "Indent it with plain spaces");
  }

  private static Optional<Finding> finding(int column, String rule) {
    return Optional.of(new Finding(column, rule));
  }

  /** A plain quote that a typographic one was to close. */
  private static Optional<Finding> halfQuoted(String line, int start) {
    Matcher quoted = HALF_QUOTED.matcher(line);
    if (!quoted.find()) {
      return Optional.empty();
    }
    String text = line.substring(start).strip();
    String right = text.replaceAll(QUOTE.pattern(), quoted.group("plain"));
    String rule = letter(text, "has", quoted.group("other"), "");
    return finding(quoted.start("other"), rule + "Write `" + right + "`");
  }

  /** Returns what a refused value breaks, with the explanation if there is one. */
  static String explain(String rule, @Nullable String value) {
    Optional<String> cause = value == null ? Optional.empty() : inValue(value);
    return cause.map(text -> rule + (rule.matches("(?s).*[.?]") ? " " : ". ") + text).orElse(rule);
  }

  private static Optional<String> inValue(String value) {
    return value.length() > LONGEST
        ? Optional.empty()
        : entry(value).or(() -> edge(value)).or(() -> comma(value));
  }

  /** Explains a key that is not known. */
  static Optional<String> inKey(String key) {
    return key.length() > LONGEST
        ? Optional.empty()
        : indent(key).map(Finding::rule).or(() -> entry(key)).or(() -> edge(key));
  }

  /** Explains a text that is enclosed in typographic quotes, or in spaces that are not plain. */
  static Optional<String> enclosing(String text) {
    return text.length() <= LONGEST && ENCLOSED.matcher(text).matches()
        ? edge(text)
        : Optional.empty();
  }

  /** Explains typographic quotes at the edge of a text, or spaces there that are not plain. */
  private static Optional<String> edge(String text) {
    Matcher edge = EDGE.matcher(text);
    if (edge.find()) {
      String bare = text.replaceAll("^(?:\\s|%1$s)+|(?:\\s|%1$s)+$".formatted(SPACE), "");
      return Optional.of(
          letter(bare, "has", edge.group(), " beside it") + "Write `%s`".formatted(bare));
    }
    Matcher quote = QUOTED.matcher(text);
    if (quote.find()) {
      String bare = text.replaceAll("^(?:[\"']|%1$s)+|(?:[\"']|%1$s)+$".formatted(QUOTE), "");
      return Optional.of(
          letter(text, "has", quote.group(), " for a quote") + "Write `\"%s\"`".formatted(bare));
    }
    return Optional.empty();
  }

  /** Explains a comma that does not end an element of a list or mapping. */
  static Optional<String> comma(String text) {
    if (!text.contains(FULL_WIDTH_COMMA)) {
      return Optional.empty();
    }
    String right = text.replaceAll(FULL_WIDTH_COMMA + "\\s*", ", ");
    return Optional.of(letter(text, "has", FULL_WIDTH_COMMA, "") + "Write `%s`".formatted(right));
  }

  private static Optional<String> entry(String text) {
    Matcher entry = ENTRY.matcher(text);
    if (!entry.lookingAt()) {
      return Optional.empty();
    }
    String key = entry.group("key");
    String value = entry.group("value");
    String write = "Write `%s`".formatted((key + ": " + value).strip());
    if (!entry.group("colon").equals(":")) {
      return Optional.of(letter(entry.group(), "has", entry.group("colon"), "") + write);
    }
    Matcher space = SPACE.matcher(entry.group("gap"));
    if (space.find()) {
      return Optional.of(letter(entry.group(), "has", space.group(), " behind its colon") + write);
    }
    boolean joined = entry.group("gap").isEmpty() && !value.isEmpty() && !value.startsWith("//");
    return joined && Character.isLetter(key.charAt(0))
        ? Optional.of("`%s` has no space behind its colon. %s".formatted(entry.group(), write))
        : Optional.empty();
  }

  private static String letter(String text, String has, String character, String where) {
    int code = character.codePointAt(0);
    String name = String.valueOf(Character.getName(code)).toLowerCase(Locale.ROOT);
    return "`%s` %s U+%04X (%s)%s, which YAML takes for a letter. "
        .formatted(text, has, code, name, where);
  }
}
