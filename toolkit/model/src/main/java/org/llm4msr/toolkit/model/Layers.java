package org.llm4msr.toolkit.model;

import java.util.Optional;
import java.util.function.Function;
import org.llm4msr.api.internal.LayerPass;
import org.llm4msr.api.model.Pass;

/** Layers that the runtime computes in fewer passes over memory than the engine takes. */
final class Layers {

  private Layers() {}

  /** Asks the runtime; empty where the engine's operations are to compute the layer. */
  static <T> Optional<T> of(Pass pass, Function<LayerPass, Optional<T>> layer) {
    return pass instanceof LayerPass runtime ? layer.apply(runtime) : Optional.empty();
  }
}
