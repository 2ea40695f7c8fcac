package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.evaluation.metric.CalibrationBins;
import org.llm4msr.runtime.evaluation.metric.Figures;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.Metric.Order;
import org.llm4msr.runtime.evaluation.metric.Metric.State;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** The states of all metrics over one set of rows. */
final class MetricStates {

  private final CalibrationBins bins = new CalibrationBins();
  private final Map<Metric, State> states = new LinkedHashMap<>();
  private final List<State> anyOrder = new ArrayList<>();
  private final List<State> byScore = new ArrayList<>();
  private final List<State> byUser = new ArrayList<>();

  MetricStates(MetricList metrics) {
    for (Metric metric : metrics.metrics()) {
      State state = metric.newState();
      states.put(metric, state);
      of(metric.order()).add(state);
    }
  }

  private List<State> of(Order order) {
    return switch (order) {
      case ANY -> anyOrder;
      case SCORE -> byScore;
      case USER -> byUser;
    };
  }

  /** Adds a row; for metrics that ask for an order, it has to come once more. */
  void add(float score, boolean positive) {
    bins.add(score, positive);
    for (State state : anyOrder) {
      state.add(score, positive);
    }
  }

  /** Adds a row whose score is not below that of the row before. */
  void addByScore(float score, boolean positive) {
    for (State state : byScore) {
      state.add(score, positive);
    }
  }

  /** Adds a row of the current user, whose score is not below that of the row before. */
  void addByUser(float score, boolean positive) {
    for (State state : byUser) {
      state.add(score, positive);
    }
  }

  void endUser() {
    byUser.forEach(State::endUser);
  }

  /** Adds the rows of others, for metrics that ask for no order. */
  void addUnordered(MetricStates others) {
    bins.merge(others.bins);
    for (int i = 0; i < anyOrder.size(); i++) {
      anyOrder.get(i).merge(others.anyOrder.get(i));
    }
  }

  CalibrationBins bins() {
    return bins;
  }

  Metrics metrics(String name) {
    Figures figures = new Figures();
    states.values().forEach(state -> state.write(figures));
    return new Metrics(name, bins.rows(), bins.positives(), figures.values());
  }
}
