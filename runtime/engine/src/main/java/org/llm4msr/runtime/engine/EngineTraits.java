package org.llm4msr.runtime.engine;

import ai.djl.ndarray.NDManager;

/**
 * What differs between engines for code that is given a manager, not the {@link TensorEngine}.
 *
 * @param integerIndices whether rows are selected by integers, not by floats
 * @param sharesMemory whether an array made of a direct buffer on a CPU is a view of it
 */
public record EngineTraits(boolean integerIndices, boolean sharesMemory) {

  /** Those of an engine that the runtime does not know: its arrays are copies. */
  private static final EngineTraits OTHER = new EngineTraits(true, false);

  /** Returns those of the engine behind a manager. */
  public static EngineTraits of(NDManager manager) {
    return switch (manager.getEngine().getEngineName()) {
      case PyTorchEngine.NAME -> PyTorchEngine.TRAITS;
      case MxNetEngine.NAME -> MxNetEngine.TRAITS;
      default -> OTHER;
    };
  }
}
