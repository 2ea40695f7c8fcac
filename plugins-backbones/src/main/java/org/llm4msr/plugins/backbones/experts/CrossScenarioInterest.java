package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
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
 * A user's interest in all scenarios, after SAR-Net (Shen et al., CIKM 2021): the sum over j of a_j
 * b_j e_j, where a is a softmax of what the item makes of the events, b one of what the scenario
 * makes of them. Both scores are v . relu(e_j W + q), with q = t U + c of the item's vector t, and
 * one q for each scenario.
 */
final class CrossScenarioInterest {

  private final Scores ofItem;
  private final Linear item;
  private final Scores ofScenario;
  private final Parameter scenario;
  private final int width;

  /** Makes the parameters for a sequence of this shape. */
  CrossScenarioInterest(ModelContext context, SequenceShape shape) {
    width = shape.width();
    ModelContext byItem = context.scope("item");
    ofItem = new Scores(byItem, width);
    item = new Linear(byItem.scope("query"), width, width);
    ModelContext byScenario = context.scope("scenario");
    ofScenario = new Scores(byScenario, width);
    scenario =
        byScenario
            .each("query", context.scenarios().size())
            .parameter("vector", new Shape(width), Initializer.linear(width), Decay.NO);
  }

  /** Returns D. */
  int width() {
    return width;
  }

  /** Returns the interests of the rows, (B, D). */
  NDArray of(Pass pass, Sequence sequence) {
    NDArray byItem = ofItem.of(sequence, item.forward(sequence.target()));
    NDArray byScenario = ofScenario.of(sequence, pass.scenarios().rowValues(scenario.array()));
    NDArray weights = byItem.mul(byScenario).expandDims(1);
    return weights.matMul(sequence.vectors()).squeeze(1);
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
