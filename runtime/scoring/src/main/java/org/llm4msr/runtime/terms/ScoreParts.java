package org.llm4msr.runtime.terms;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What scores are made of: the means of some rows, or one row.
 *
 * @param rows how many
 * @param score probability of label 1, as the bundle scores
 * @param logit before calibration
 * @param terms what adds up to the logit; empty where the fusion head does not tell
 * @param without what they become without knowledge of each level, without sequences, then without
 *     all levels where there are several
 * @param labels likewise of the further labels that the model learns
 */
public record ScoreParts(
    long rows,
    double score,
    double logit,
    List<Term> terms,
    List<Without> without,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<LabelParts> labels) {

  /** Makes those of a model of one label. */
  public ScoreParts(
      long rows, double score, double logit, List<Term> terms, List<Without> without) {
    this(rows, score, logit, terms, without, List.of());
  }

  public ScoreParts {
    // Files of earlier versions have none.
    labels = labels == null ? List.of() : List.copyOf(labels);
    terms = List.copyOf(terms);
    without = List.copyOf(without);
  }

  /**
   * A term of the logit.
   *
   * @param share of its mean absolute value in the sum of those of all terms; null if that is 0
   */
  public record Term(String name, double value, @Nullable Double share) {}

  /**
   * What scores of a further label are made of.
   *
   * @param score its probability
   * @param logit before calibration; of a label that comes after another one, that of both together
   * @param without as of the main label
   */
  public record LabelParts(String label, double score, double logit, List<Without> without) {

    public LabelParts {
      without = List.copyOf(without);
    }
  }

  /**
   * Scores without the knowledge of a level, in whose place the mean is read, or what {@code
   * missing} says, or without an event in any sequence.
   *
   * @param levels {@code user}, {@code scenario}, {@code item}, {@code sequences} or {@code all}
   * @param change mean absolute change of the logit
   * @param share of that change in the sum of those of the single levels; null if that is 0, and
   *     for all levels
   */
  public record Without(
      String levels, double score, double logit, double change, @Nullable Double share) {}
}
