package org.llm4msr.plugins.backbones.experts;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.toolkit.model.Linear;

/**
 * A user's interest in all scenarios, the cross-scenario behaviour extract layer of SAR-Net (Shen
 * et al., CIKM 2021): the sum over j of a_j b_j e_j, where the softmax a compares the items of the
 * events with the row's item, and the softmax b the scenarios of the events with the row's. All
 * scores are v . relu(k_j W + q), with q = t U + c of the row's vector t and k_j of the event.
 *
 * <p>b needs a sequence of the scenarios of the same events. Without, it compares the items of the
 * events with one q for each scenario.
 */
final class CrossScenarioInterest {

  private final Scores ofItem;
  private final Linear item;
  private final Scores ofScenario;
  private final @Nullable Parameter scenario;
  private final @Nullable Linear eventScenario;
  private final int width;

  /**
   * Makes the parameters for a sequence of this shape.
   *
   * @param scenarios of the scenarios of its events; null without
   */
  CrossScenarioInterest(
      ModelContext context, SequenceShape shape, @Nullable SequenceShape scenarios) {
    width = shape.width();
    ModelContext byItem = context.scope("item");
    ofItem = new Scores(byItem, width);
    item = new Linear(byItem.scope("query"), width, width);
    ModelContext byScenario = context.scope("scenario");
    ofScenario = new Scores(byScenario, scenarios == null ? width : scenarios.width());
    eventScenario =
        scenarios == null
            ? null
            : new Linear(byScenario.scope("query"), scenarios.width(), scenarios.width());
    scenario =
        scenarios == null
            ? byScenario
                .each("query", context.scenarios().size())
                .parameter("vector", new Shape(width), Initializer.linear(width), Decay.NO)
            : null;
  }

  /** Returns D. */
  int width() {
    return width;
  }

  /**
   * Returns the interests of the rows, (B, D).
   *
   * @param scenarios those of the events, null without
   */
  NDArray of(Pass pass, Sequence sequence, @Nullable Sequence scenarios) {
    NDArray byItem = ofItem.of(sequence, item.forward(sequence.target()));
    NDArray weights = byItem.mul(byScenario(pass, sequence, scenarios)).expandDims(1);
    return weights.matMul(sequence.vectors()).squeeze(1);
  }

  private NDArray byScenario(Pass pass, Sequence sequence, @Nullable Sequence scenarios) {
    if (scenarios != null && eventScenario != null) {
      return ofScenario.of(scenarios, eventScenario.forward(scenarios.target()));
    }
    NDArray queries = requireNonNull(scenario, "scenario is null").array();
    return ofScenario.of(sequence, pass.scenarios().rowValues(queries));
  }

  /** Weights of events by a query. */
  private static final class Scores {

    private final Parameter weight;
    private final Parameter vector;
    private final int width;

    Scores(ModelContext context, int width) {
      this.width = width;
      weight =
          context.parameter(
              "weight", new Shape(width, width), Initializer.linear(width), Decay.YES);
      vector =
          context.parameter("vector", new Shape(width, 1), Initializer.linear(width), Decay.YES);
    }

    /**
     * Returns (B, L).
     *
     * @param query (B, D)
     */
    NDArray of(Sequence sequence, NDArray query) {
      Shape shape = sequence.vectors().getShape();
      NDArray events = sequence.vectors().reshape(-1, width).matMul(weight.array()).reshape(shape);
      NDArray hidden = Activation.RELU.apply(events.add(query.expandDims(1)));
      NDArray scores = hidden.reshape(-1, width).matMul(vector.array());
      return SequenceMask.softmax(scores.reshape(sequence.mask().getShape()), sequence.mask());
    }
  }
}
