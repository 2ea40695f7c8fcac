package org.llm4msr.runtime.evaluation.metric;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.NearestName;

/**
 * All metrics, in the order of tables.
 *
 * @param metrics the first is AUC
 */
public record MetricList(List<Metric> metrics) {

  /** The setting that names the metric of training. */
  public static final String MONITOR = "training.monitor";

  /** The metrics that come with the runtime. */
  public static final MetricList STANDARD =
      new MetricList(
          List.of(
              new Auc(), new Gauc(), new LogLoss(), new CalibrationError(), new Uauc(), new Ne()));

  /**
   * Makes a list.
   *
   * @throws MsrException {@code evaluation/METRIC} if two have one name
   */
  public MetricList {
    metrics = List.copyOf(metrics);
    List<String> names = metrics.stream().map(Metric::name).toList();
    if (names.stream().distinct().count() < names.size()) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "evaluation/METRIC",
          "Two metrics have the same name, among %s. Give one of them another name."
              .formatted(String.join(", ", names)));
    }
  }

  /** Returns this with more at the end. */
  public MetricList with(Collection<Metric> added) {
    List<Metric> all = new ArrayList<>(metrics);
    all.addAll(added);
    return new MetricList(all);
  }

  /** Returns AUC, which decides where no setting names another metric. */
  public Metric auc() {
    return metrics.get(0);
  }

  /**
   * Returns the metric of a name.
   *
   * @param key the setting that names it
   * @throws MsrException {@code evaluation/UNKNOWN_METRIC}
   */
  public Metric required(String name, String key) {
    return find(name)
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.USER,
                    "evaluation/UNKNOWN_METRIC",
                    "The key '%s' names the metric '%s', which %s."
                        .formatted(key, name, unknown(name).orElseThrow())));
  }

  /** Returns what is wrong with the name of a metric; empty if there is such a metric. */
  public Optional<String> unknown(String name) {
    List<String> names = metrics.stream().map(Metric::name).toList();
    return names.contains(name)
        ? Optional.empty()
        : Optional.of(
            "does not exist.%s Choose one of %s"
                .formatted(NearestName.hint(name, names), String.join(", ", names)));
  }

  private Optional<Metric> find(String name) {
    return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
  }
}
