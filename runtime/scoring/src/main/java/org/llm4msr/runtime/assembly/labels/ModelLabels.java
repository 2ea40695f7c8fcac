package org.llm4msr.runtime.assembly.labels;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;

/**
 * The further labels of a model, in the order of the data.
 *
 * <p>A label that comes after another one has p = p(other) p(this | other), and its tower gives the
 * logit of the second factor: equation 1 of Ma et al., Entire Space Multi-Task Model, SIGIR 2018.
 * With the logits a and b of the factors, the logit of p is a - softplus(softplus(a) - b), which
 * takes no logarithm of a difference. All rows count in the loss of p, not only those where the
 * other label is 1.
 *
 * @param labels the labels
 * @param order their places in an order in which each comes after the one that it follows
 */
public record ModelLabels(List<ModelLabel> labels, List<Integer> order) {

  /** Of a model that learns the main label alone. */
  public static final ModelLabels NONE = new ModelLabels(List.of(), List.of());

  public ModelLabels {
    labels = List.copyOf(labels);
    order = List.copyOf(order);
  }

  /**
   * Finds the labels of a model in the data.
   *
   * @param known names of the further labels of the data
   * @throws MsrException {@code model/UNKNOWN_LABEL} for one that the data does not have, or that
   *     comes after one that the model does not learn; {@code model/LABEL_CYCLE} for one that comes
   *     after itself
   */
  public static ModelLabels of(Map<String, LabelConfig> configured, List<String> known) {
    for (String name : configured.keySet()) {
      if (!known.contains(name)) {
        throw unknown(
            "model.labels." + name,
            known.isEmpty()
                ? "the data has no further labels. Name some in the section dataset and prepare it again, or remove the section; one of a file that is extended goes by `labels: ~`, not by `{}`"
                : "the data has the further labels %s. One of a file that is extended goes by `%s: ~`"
                    .formatted(known, name));
      }
    }
    List<String> names = known.stream().filter(configured::containsKey).toList();
    List<ModelLabel> labels = new ArrayList<>();
    for (String name : names) {
      LabelConfig config = requireNonNull(configured.get(name), name);
      labels.add(
          new ModelLabel(
              name, known.indexOf(name), config.weight(), follows(name, config.after(), names)));
    }
    return new ModelLabels(labels, order(labels));
  }

  private static int follows(String name, @Nullable String after, List<String> names) {
    if (after == null) {
      return ModelLabel.ALONE;
    }
    if (after.equals(RawSchema.LABEL)) {
      return ModelLabel.AFTER_MAIN;
    }
    if (!names.contains(after)) {
      throw unknown(
          "model.labels.%s.after: %s".formatted(name, after),
          "the model learns label, the main one, and " + names);
    }
    return names.indexOf(after);
  }

  private static MsrException unknown(String setting, String why) {
    return new MsrException(
        ErrorType.USER,
        "model/UNKNOWN_LABEL",
        "There is no label for %s: %s.".formatted(setting, why));
  }

  private static List<Integer> order(List<ModelLabel> labels) {
    List<Integer> order = new ArrayList<>();
    for (int round = 0; order.size() < labels.size(); round++) {
      if (round > labels.size()) {
        throw new MsrException(
            ErrorType.USER,
            "model/LABEL_CYCLE",
            "Labels of model.labels come after themselves: %s. Change after of one of them."
                .formatted(labels.stream().map(ModelLabel::name).toList()));
      }
      for (int label = 0; label < labels.size(); label++) {
        int after = labels.get(label).after();
        if (!order.contains(label) && (after < 0 || order.contains(after))) {
          order.add(label);
        }
      }
    }
    return order;
  }

  /** Returns the names, in order. */
  public List<String> names() {
    return labels.stream().map(ModelLabel::name).toList();
  }

  /** Returns the settings as one text, empty for a model of one label. */
  public static String identity(Map<String, LabelConfig> configured) {
    Map<String, String> texts = new TreeMap<>();
    configured.forEach((name, config) -> texts.put(name, EffectiveConfig.identity(config)));
    return texts.isEmpty() ? "" : "|labels " + texts;
  }

  /**
   * Computes the logits of the labels.
   *
   * @param main of the main label, (B)
   * @param towers what the towers give, (B, L)
   * @return (B) each
   */
  public NDList logits(NDArray main, NDArray towers) {
    NDList own = towers.split(labels.size(), 1);
    NDArray[] all = new NDArray[labels.size()];
    for (int label : order) {
      NDArray tower = own.get(label).reshape(main.getShape());
      int after = labels.get(label).after();
      if (after == ModelLabel.ALONE) {
        all[label] = tower;
      } else {
        NDArray before = after == ModelLabel.AFTER_MAIN ? main : all[after];
        NDArray open = Activation.softPlus(Activation.softPlus(before).sub(tower));
        all[label] = before.sub(open);
      }
    }
    return new NDList(all);
  }

  /**
   * Computes the logits of the labels outside an engine.
   *
   * @param main of the main label; its first {@code n} elements are read
   * @param towers what the towers give, row after row, L numbers each
   * @param target by label, then by row
   */
  public void logits(int n, float[] main, float[] towers, float[][] target) {
    for (int label : order) {
      int after = labels.get(label).after();
      for (int i = 0; i < n; i++) {
        float tower = towers[i * labels.size() + label];
        target[label][i] =
            after == ModelLabel.ALONE
                ? tower
                : both(after == ModelLabel.AFTER_MAIN ? main[i] : target[after][i], tower);
      }
    }
  }

  private static float both(double first, double second) {
    return (float) (first - softPlus(softPlus(first) - second));
  }

  private static double softPlus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
