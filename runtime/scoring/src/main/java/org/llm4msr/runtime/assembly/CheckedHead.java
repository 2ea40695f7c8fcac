package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Pass;

/**
 * A head that is called as a {@link CheckedPart}, and whose logits are checked to be (B) of
 * float32: (B, 1), for example, would broadcast without an error.
 */
final class CheckedHead implements FusionHead {

  private static final String LOGITS = "logits()";

  private final FusionHead head;
  private final CheckedPart part;
  private final String plugins;

  /**
   * Wraps a head.
   *
   * @param plugins whose logits these are, for the error text
   */
  CheckedHead(FusionHead head, CheckedPart part, String plugins) {
    this.head = head;
    this.part = part;
    this.plugins = plugins;
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray logits =
        part.call(LOGITS, pass, CheckedPart.arrays(features), () -> head.logits(pass, features));
    part.requireOpen(LOGITS, "logits", logits);
    long rows = features.flat().getShape().get(0);
    if (!logits.getShape().equals(new Shape(rows)) || logits.getDataType() != DataType.FLOAT32) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "model/LOGIT_SHAPE",
          "%s returned logits of the shape %s and the type %s for %d rows; (%d) and float32 are expected. Report it to the author of the one that is not built in."
              .formatted(plugins, logits.getShape(), logits.getDataType(), rows, rows));
    }
    return logits;
  }
}
