package org.llm4msr.runtime.terms;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sums over scored rows, for {@link ScoreParts}. */
public final class ScoreSums {

  /** The name of all levels together. */
  static final String ALL = "all";

  private long rows;
  private double score;
  private double logit;
  private final Map<String, Sums> terms = new LinkedHashMap<>();
  private final Map<String, Sums> without = new LinkedHashMap<>();
  private final Map<String, ScoreSums> labels = new LinkedHashMap<>();

  /** Sums of a term, or of what is without a level. */
  private static final class Sums {
    private double logit;
    private double score;
    private double absolute;
  }

  /** A score, and the logit behind it. */
  public record Scored(double logit, double score) {}

  /** Adds a row. */
  public void add(ScoreTerms.Row row) {
    rows++;
    score += row.whole().score();
    logit += row.whole().logit();
    row.terms()
        .forEach(
            (name, value) -> {
              Sums sums = terms.computeIfAbsent(name, key -> new Sums());
              sums.logit += value;
              sums.absolute += Math.abs(value);
            });
    row.without()
        .forEach(
            (levels, other) -> {
              Sums sums = without.computeIfAbsent(levels, key -> new Sums());
              sums.logit += other.logit();
              sums.score += other.score();
              sums.absolute += Math.abs(row.whole().logit() - other.logit());
            });
    row.labels()
        .forEach((label, own) -> labels.computeIfAbsent(label, key -> new ScoreSums()).add(own));
  }

  /** Returns the means; there is a row. */
  public ScoreParts means() {
    double ofTerms = terms.values().stream().mapToDouble(sums -> sums.absolute).sum();
    double ofLevels =
        without.entrySet().stream()
            .filter(entry -> !entry.getKey().equals(ALL))
            .mapToDouble(entry -> entry.getValue().absolute)
            .sum();
    return new ScoreParts(
        rows,
        score / rows,
        logit / rows,
        terms.entrySet().stream()
            .map(
                entry ->
                    new ScoreParts.Term(
                        entry.getKey(),
                        entry.getValue().logit / rows,
                        share(entry.getValue(), ofTerms)))
            .toList(),
        without.entrySet().stream()
            .map(entry -> without(entry.getKey(), entry.getValue(), ofLevels))
            .toList(),
        labels.entrySet().stream()
            .map(entry -> label(entry.getKey(), entry.getValue().means()))
            .toList());
  }

  private static ScoreParts.LabelParts label(String name, ScoreParts means) {
    return new ScoreParts.LabelParts(name, means.score(), means.logit(), means.without());
  }

  private ScoreParts.Without without(String levels, Sums sums, double ofLevels) {
    return new ScoreParts.Without(
        levels,
        sums.score / rows,
        sums.logit / rows,
        sums.absolute / rows,
        levels.equals(ALL) ? null : share(sums, ofLevels));
  }

  private static @Nullable Double share(Sums sums, double whole) {
    return whole == 0 ? null : (Double) (sums.absolute / whole);
  }
}
