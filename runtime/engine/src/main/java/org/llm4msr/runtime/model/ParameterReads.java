package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the passes of a model get when they read its parameters and buffers. */
final class ParameterReads {

  private ParameterStore.@Nullable Reader reader;

  /** Has a reader asked for all that is read while something runs. */
  <T> T through(ParameterStore.Reader chosen, Supplier<T> run) {
    reader = chosen;
    try {
      return run.get();
    } finally {
      reader = null;
    }
  }

  /** Returns what a pass gets for an array. */
  NDArray of(String name, NDArray array) {
    ParameterStore.Reader chosen = reader;
    return chosen == null ? array : chosen.read(name, array);
  }
}
