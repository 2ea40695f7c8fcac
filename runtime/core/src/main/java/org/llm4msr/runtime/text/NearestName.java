package org.llm4msr.runtime.text;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The "did you mean" of error messages. */
public final class NearestName {

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private NearestName() {}

  /**
   * Returns the candidate of which the word is most likely a misspelling, if one is near: at most a
   * third of its letters away, ignoring case and hyphens. A number is no misspelling of another.
   */
  public static Optional<String> of(String word, Collection<String> candidates) {
    String wanted = fold(word);
    if (NUMBER.matcher(wanted).matches()) {
      return Optional.empty();
    }
    return candidates.stream()
        .filter(candidate -> distance(wanted, fold(candidate)) <= tolerance(wanted, candidate))
        .min(
            Comparator.<String>comparingInt(candidate -> distance(wanted, fold(candidate)))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Returns {@code " Did you mean x?"}, or an empty text if nothing is near. */
  public static String hint(String word, Collection<String> candidates) {
    return of(word, candidates).map(near -> " Did you mean " + near + "?").orElse("");
  }

  private static int tolerance(String wanted, String candidate) {
    return Math.max(1, Math.min(wanted.length(), fold(candidate).length()) / 3);
  }

  private static String fold(String word) {
    return word.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
  }

  /** Edit distance with swaps of neighbours (optimal string alignment). */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        boolean swap =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swap) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
