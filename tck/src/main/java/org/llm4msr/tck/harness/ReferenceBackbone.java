package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;

/**
 * The backbone below heads under test: hidden = tanh(x A + a), logit = hidden . b + c(scenario).
 * Smooth and small.
 */
public final class ReferenceBackbone implements Backbone {

  /** The scope of the parameters that make the hidden units. */
  public static final String BOTTOM = "bottom";

  private static final int HIDDEN = 4;

  private final Linear bottom;
  private final Linear logit;
  private final Parameter scenario;
  private final int width;
  private final boolean givesHidden;

  /** Makes a backbone that returns the input of its towers. */
  public ReferenceBackbone(ModelContext context) {
    this(context, true);
  }

  /** Makes a backbone that returns the input of its towers, or does not. */
  public ReferenceBackbone(ModelContext context, boolean givesHidden) {
    this.givesHidden = givesHidden;
    width = context.layout().width();
    bottom = new Linear(context.scope(BOTTOM), width, HIDDEN);
    logit = new Linear(context.scope("logit"), HIDDEN, 1);
    scenario =
        context.parameter(
            "scenario", new Shape(context.scenarios().size(), 1), Initializer.zeros(), Decay.NO);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    Finding.unlessEqual(
        "the input of the backbone as laid out,",
        new Shape(pass.scenarios().rows(), width),
        x.getShape());
    NDArray hidden = bottom.forward(x).tanh();
    NDArray bias = pass.scenarios().rowValues(scenario.array());
    NDArray logits = logit.forward(hidden).add(bias).squeeze(-1);
    return new BackboneOutput(givesHidden ? hidden : null, logits);
  }

  @Override
  public int hiddenSize() {
    return givesHidden ? HIDDEN : 0;
  }
}
