package org.llm4msr.runtime.knowledge.history;

import java.util.ArrayList;
import java.util.List;

/**
 * Which numbers of a row tell how alike its item is to what its user met before. They come in
 * groups, one after the other: positives in the row's scenario, positives in all others, then the
 * same of negatives. Each group has, of the cosines between the row's item and its events, in units
 * of 1/sqrt(C), which is the deviation of cosines of unrelated vectors of size C,
 *
 * <ol>
 *   <li>{@code any}: 1 if there is an event with a vector; otherwise this and all others are 0
 *   <li>{@code mean}
 *   <li>{@code top3}: the mean of the three largest, or of as many as there are
 *   <li>{@code max}
 *   <li>one number for each bin: how many lie in each of N equal parts of -1 to 1, divided by L/N,
 *       as many as there can be if all have the same. These are the tiers of SimTier (Sheng and
 *       others, CIKM 2024, arXiv 2407.19467), which are not divided.
 * </ol>
 *
 * @param length L, how many of the newest positives, and of the newest negatives, are read
 * @param bins N
 * @param byScenario whether the row's scenario and all others are apart
 * @param negatives whether negatives are read as well
 */
public record HistoryLayout(int length, int bins, boolean byScenario, boolean negatives) {

  static final int ANY = 0;
  static final int MEAN = 1;
  static final int TOP3 = 2;
  static final int MAX = 3;
  static final int BINS = 4;

  /** Returns how many numbers there are. */
  public int width() {
    return labels() * widthOfLabel();
  }

  /** Returns the names of the numbers, such as {@code positives.own.mean}. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    for (String label : negatives ? List.of("positives.", "negatives.") : List.of("positives.")) {
      for (String scenario : byScenario ? List.of("own.", "other.") : List.of("")) {
        for (String number : List.of("any", "mean", "top3", "max")) {
          names.add(label + scenario + number);
        }
        for (int bin = 1; bin <= bins; bin++) {
          names.add(label + scenario + "bin" + bin);
        }
      }
    }
    return names;
  }

  /** Returns 2 with negatives, 1 without. */
  int labels() {
    return negatives ? 2 : 1;
  }

  /** Returns how many numbers there are for positives, or for negatives. */
  int widthOfLabel() {
    return groups() * widthOfGroup();
  }

  /** Returns how many groups of events with one label there are. */
  int groups() {
    return byScenario ? 2 : 1;
  }

  int widthOfGroup() {
    return BINS + bins;
  }
}
