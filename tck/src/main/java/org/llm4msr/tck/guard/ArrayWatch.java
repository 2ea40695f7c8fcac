package org.llm4msr.tck.guard;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.tck.harness.TestEngines;

/**
 * The open arrays of an engine in all threads: those below its system manager, the parent of every
 * base manager. An array that was detached from all managers is not found.
 */
final class ArrayWatch implements ResourceWatch {

  private final Set<NDArray> before = Collections.newSetFromMap(new IdentityHashMap<>());
  private final @Nullable ArraySites sites;

  ArrayWatch() {
    before.addAll(open());
    sites = ResourceGuard.debug() ? ArraySites.record() : null;
  }

  @Override
  public List<String> leftovers() {
    if (sites != null) {
      sites.stop();
    }
    return open().stream().filter(array -> !before.contains(array)).map(this::describe).toList();
  }

  /** Returns all open arrays of the engine that a test or the runtime loaded. */
  static List<NDArray> open() {
    return TestEngines.loaded().or(TensorEngine::loaded).map(ArrayWatch::open).orElse(List.of());
  }

  private static List<NDArray> open(Engine engine) {
    try (NDManager manager = engine.newBaseManager()) {
      return manager.getParentManager().getManagedArrays().stream()
          .filter(array -> !array.isReleased())
          .toList();
    }
  }

  private String describe(NDArray array) {
    String text =
        "%s array of shape %s in the manager '%s'"
            .formatted(array.getDataType(), array.getShape(), array.getManager().getName());
    return sites == null ? text : text + ", made " + sites.of(array);
  }
}
