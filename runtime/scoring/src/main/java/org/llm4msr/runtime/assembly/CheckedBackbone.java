package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Pass;

/** A backbone whose hidden state is checked to have the width that it states. */
final class CheckedBackbone implements Backbone {

  private static final String FORWARD = "forward()";

  private final Backbone backbone;
  private final CheckedPart part;
  private final Consumer<@Nullable NDArray> hidden;

  /**
   * Wraps a backbone.
   *
   * @param hidden gets the hidden state of each pass
   */
  CheckedBackbone(Backbone backbone, CheckedPart part, Consumer<@Nullable NDArray> hidden) {
    this.hidden = hidden;
    this.backbone = backbone;
    this.part = part;
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    BackboneOutput output =
        part.call(
            FORWARD, pass, CheckedPart.arrays(features), () -> backbone.forward(pass, features));
    NDArray given = output.hidden();
    part.requireOpen(FORWARD, "logit()", output.logit());
    part.requireOpen(FORWARD, "hidden()", given);
    Shape stated = new Shape(features.flat().getShape().get(0), hiddenSize());
    if (given == null ? hiddenSize() > 0 : !given.getShape().equals(stated)) {
      throw part.plugin()
          .error(
              "HIDDEN_SIZE",
              "returned %s from forward(); its hiddenSize() is %d, so %s is expected. Make the two agree."
                  .formatted(
                      given == null ? "no hidden()" : "hidden() of the shape " + given.getShape(),
                      hiddenSize(),
                      stated),
              null);
    }
    hidden.accept(given);
    return output;
  }

  @Override
  public int hiddenSize() {
    return backbone.hiddenSize();
  }
}
