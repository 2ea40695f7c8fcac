package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Pass;

/** A backbone whose hidden state is checked to have the width that it states. */
final class CheckedBackbone implements Backbone {

  private static final String FORWARD = "forward()";

  private final Backbone backbone;
  private final CheckedPart part;

  CheckedBackbone(Backbone backbone, CheckedPart part) {
    this.backbone = backbone;
    this.part = part;
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    BackboneOutput output =
        part.call(
            FORWARD, pass, CheckedPart.arrays(features), () -> backbone.forward(pass, features));
    NDArray hidden = output.hidden();
    part.requireOpen(FORWARD, "logit()", output.logit());
    part.requireOpen(FORWARD, "hidden()", hidden);
    Shape stated = new Shape(features.flat().getShape().get(0), hiddenSize());
    if (hidden == null ? hiddenSize() > 0 : !hidden.getShape().equals(stated)) {
      throw part.plugin()
          .error(
              "HIDDEN_SIZE",
              "returned %s from forward(); its hiddenSize() is %d, so %s is expected. Make the two agree."
                  .formatted(
                      hidden == null ? "no hidden()" : "hidden() of the shape " + hidden.getShape(),
                      hiddenSize(),
                      stated),
              null);
    }
    return output;
  }

  @Override
  public int hiddenSize() {
    return backbone.hiddenSize();
  }
}
