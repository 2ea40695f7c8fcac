package org.llm4msr.runtime.evaluation;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a set of rows. A metric that is not defined is NaN, in JSON null.
 *
 * @param name the scenario's key, or {@value #OVERALL}
 * @param rows rows
 * @param positives rows with label 1
 * @param auc share of pairs of a positive and a negative that the probabilities order correctly;
 *     ties count half
 * @param aucMissing why there is no {@code auc}, or null
 * @param gauc the AUC of each user's rows, weighted by their number; users with one class left out
 * @param gaucMissing why there is no {@code gauc}, or null
 * @param gaucRows rows of the users that {@code gauc} covers
 * @param gaucUsers how many users these are; null in files of earlier checkouts
 * @param logLoss mean negative log-likelihood, in nats; probabilities clipped to 1e-7
 * @param meanPrediction mean probability
 * @param meanLabel share of positives
 * @param calibration {@code meanPrediction / meanLabel}; 1 is best
 * @param calibrationError expected calibration error over 20 bins of equal width; 0 is best
 */
public record Metrics(
    String name,
    long rows,
    long positives,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double auc,
    @Nullable String aucMissing,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double gauc,
    @Nullable String gaucMissing,
    long gaucRows,
    @Nullable Long gaucUsers,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double logLoss,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double meanPrediction,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double meanLabel,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double calibration,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double calibrationError) {

  /** The name of the metrics over all rows. */
  public static final String OVERALL = "overall";

  static Metrics of(String name, RowSums sums, AucCount auc, GaucSums gauc) {
    long rows = sums.rows();
    long positives = sums.positives();
    return new Metrics(
        name,
        rows,
        positives,
        auc.value(),
        aucMissing(rows, positives),
        gauc.value(),
        gauc.rows() > 0 ? null : rows == 0 ? "no rows" : "no user has rows of both classes",
        gauc.rows(),
        gauc.users(),
        sums.logLoss(),
        sums.meanPrediction(),
        sums.meanLabel(),
        positives > 0 ? sums.meanPrediction() / sums.meanLabel() : Double.NaN,
        sums.calibrationError());
  }

  /**
   * Returns the log loss of the best constant, {@code meanLabel} for every row: a model with a
   * larger one says less than that. In JSON too, where it is not read back.
   */
  @JsonProperty(access = JsonProperty.Access.READ_ONLY)
  @JsonSerialize(using = NanAsNull.Writer.class)
  public double constantLogLoss() {
    return positives == 0 || positives == rows
        ? 0 * meanLabel
        : -meanLabel * Math.log(meanLabel) - (1 - meanLabel) * Math.log1p(-meanLabel);
  }

  private static @Nullable String aucMissing(long rows, long positives) {
    if (rows == 0) {
      return "no rows";
    }
    return positives == 0 ? "no positives" : positives == rows ? "no negatives" : null;
  }
}
