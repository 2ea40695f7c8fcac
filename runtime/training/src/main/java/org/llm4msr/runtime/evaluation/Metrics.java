package org.llm4msr.runtime.evaluation;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.metric.Figures;

/**
 * The metrics of a set of rows. In JSON the figures stand beside the other keys.
 *
 * @param name the scenario's key, or {@value #OVERALL}
 * @param rows rows
 * @param positives rows with label 1
 * @param figures what each metric says of the rows, by name and in the order of the metrics; null
 *     for a number that is not defined. Those of files may be of other metrics
 */
public record Metrics(
    String name, long rows, long positives, @JsonAnyGetter Map<String, @Nullable Object> figures) {

  /** The name of the metrics over all rows. */
  public static final String OVERALL = "overall";

  public Metrics {
    Map<String, @Nullable Object> copy = new LinkedHashMap<>();
    figures.forEach((key, value) -> copy.put(key, value instanceof Integer i ? (long) i : value));
    figures = Collections.unmodifiableMap(copy);
  }

  /** Reads an object of JSON; a setter of other keys would get them in reverse. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static Metrics read(Map<String, @Nullable Object> object) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>(object);
    if (figures.remove("name") instanceof String name
        && figures.remove("rows") instanceof Number rows
        && figures.remove("positives") instanceof Number positives) {
      return new Metrics(name, rows.longValue(), positives.longValue(), figures);
    }
    throw new IllegalArgumentException("Metrics need a name, rows and positives.");
  }

  /** Returns a number; NaN if it is not defined or was not measured. */
  public double value(String key) {
    return figures.get(key) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  /** Returns a count; null if it was not measured. */
  public @Nullable Long count(String key) {
    return figures.get(key) instanceof Long count ? count : null;
  }

  /** Returns why a metric is not defined; null if it is, or if that is not known. */
  public @Nullable String missing(String metric) {
    return figures.get(Figures.missing(metric)) instanceof String reason ? reason : null;
  }

  /** Returns the AUC; NaN if it is not defined. */
  public double auc() {
    return value("auc");
  }

  /** Returns the LogLoss; NaN without rows. */
  public double logLoss() {
    return value("logLoss");
  }
}
