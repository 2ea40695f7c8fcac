package org.llm4msr.runtime.training;

import java.nio.FloatBuffer;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.model.DenseParameter;

/**
 * Looks for what gradients that are not finite made of a model before it is used: the loss tells
 * only of those of earlier steps.
 */
final class FiniteModel {

  private FiniteModel() {}

  /**
   * Refuses a model whose values are not all finite.
   *
   * @param steps done so far
   * @throws MsrException {@code training/NOT_FINITE}
   */
  static void require(TrainableModel model, long steps) {
    for (DenseParameter parameter : model.parameters().parameters()) {
      if (!isFinite(parameter.values())) {
        throw notFinite("The parameter " + parameter.name(), steps);
      }
    }
    model
        .tables()
        .notFinite()
        .ifPresent(
            table -> {
              throw notFinite("The table of '%s'".formatted(table.name()), steps);
            });
  }

  private static boolean isFinite(FloatBuffer values) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static MsrException notFinite(String what, long steps) {
    return new MsrException(
        ErrorType.USER,
        "training/NOT_FINITE",
        "%s is not finite after step %d, though the loss was: a gradient was not. Lower training.optimizer.learningRate, or look in a backbone or head that is not built in for a root, logarithm or division of 0; the last checkpoint is from before."
            .formatted(what, steps));
  }
}
