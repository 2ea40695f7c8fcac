package org.llm4msr.runtime.assembly.labels;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * The towers of further labels: one for each label and scenario, as a backbone has them for the
 * main label, over what the model shares. They read it as the backbone gave it, after whatever the
 * fusion head changed before the backbone.
 */
public final class LabelTowers {

  private final ModelLabels labels;
  private final SharedState shared;
  private final List<ScenarioTowers> towers = new ArrayList<>();

  /**
   * Makes the towers of a model; null where it learns one label.
   *
   * @param shared is asked where there are some
   * @param context of the parameters of all towers
   */
  public static @Nullable LabelTowers of(
      ModelLabels labels,
      Map<String, LabelConfig> configured,
      Supplier<SharedState> shared,
      ModelContext context) {
    return labels.names().isEmpty()
        ? null
        : new LabelTowers(labels, configured, shared.get(), context);
  }

  private LabelTowers(
      ModelLabels labels,
      Map<String, LabelConfig> configured,
      SharedState shared,
      ModelContext context) {
    this.labels = labels;
    this.shared = shared;
    for (String name : labels.names()) {
      towers.add(
          new ScenarioTowers(
              context.scope(name.replace('_', '-')),
              shared.width(),
              requireNonNull(configured.get(name), name).hidden(),
              BlockSettings.of(Activation.RELU)));
    }
  }

  /** Offers the embedded input, (B, W), for towers of a model whose backbone shares nothing. */
  public void input(NDArray flat) {
    shared.input(flat);
  }

  /** Returns the labels that they are for. */
  public ModelLabels labels() {
    return labels;
  }

  /**
   * Runs a pass, and the towers on what it shares.
   *
   * @param main gives the logits of the main label, (B)
   */
  public LabelLogits beside(Pass pass, Supplier<NDArray> main) {
    SharedState.Seen seen = shared.during(main);
    NDArray input = seen.shared();
    if (input == null) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "model/NOT_SHARED",
          "The fusion head did not run its backbone in this pass, so that further labels have nothing to read. Use another head, or remove model.labels.");
    }
    NDList logits = new NDList();
    for (ScenarioTowers tower : towers) {
      logits.add(tower.forward(pass, input));
    }
    return new LabelLogits(seen.logits(), NDArrays.stack(logits, 1));
  }
}
