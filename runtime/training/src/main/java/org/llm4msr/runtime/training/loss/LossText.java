package org.llm4msr.runtime.training.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.TrainingConfig;

/** What settings make of the loss of a row, in words. */
public final class LossText {

  /** The loss of rows that all count the same, and of labels as they are. */
  public static final String PLAIN = "cross-entropy";

  private LossText() {}

  /** Returns formula, factors and weights; {@link #PLAIN} without any. */
  public static String of(TrainingConfig config) {
    LossConfig loss = config.loss();
    List<String> parts = new ArrayList<>();
    parts.add(loss.name() == LossConfig.Form.FOCAL ? "focal, gamma " + shown(loss.gamma()) : PLAIN);
    Double alpha = loss.alpha();
    if (alpha != null) {
      parts.add("positives times %s, negatives times %s".formatted(shown(alpha), shown(1 - alpha)));
    }
    double spread = loss.labelSmoothing() / 2;
    if (spread > 0) {
      parts.add("labels %s and %s".formatted(shown(spread), shown(1 - spread)));
    }
    Map<String, Double> scenarios = new TreeMap<>(config.scenarioWeights());
    scenarios.values().removeIf(weight -> weight == 1);
    scenarios.forEach(
        (key, weight) -> parts.add("scenario %s times %s".formatted(key, shown(weight))));
    Double days = config.halfLifeDays();
    if (days != null) {
      parts.add("half after %s days".formatted(shown(days)));
    }
    if (!config.sampleWeights()) {
      parts.add("without the weights of the data");
    }
    return String.join("; ", parts);
  }

  /** Float prints what was written, where a difference of doubles has more digits. */
  private static String shown(double value) {
    String text = Float.toString((float) value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
