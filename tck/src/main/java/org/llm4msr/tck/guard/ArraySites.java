package org.llm4msr.tck.guard;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.lang.reflect.Field;
import java.util.Deque;
import java.util.IdentityHashMap;

/**
 * Records where the arrays of this thread are made. DJL registers each new array with the innermost
 * {@link NDScope} of the thread; this is an outermost one with a map that records the stack. It
 * never closes its arrays. Arrays that are made within another scope are closed by that scope.
 */
final class ArraySites {

  private final IdentityHashMap<NDArray, String> sites = new IdentityHashMap<>();
  private final NDScope scope;

  private ArraySites(NDScope scope) {
    this.scope = scope;
  }

  static ArraySites record() {
    ArraySites recorded = new ArraySites(new NDScope());
    set(recorded.scope, recorded.new Recorder());
    return recorded;
  }

  /**
   * Removes the scope from the thread without closing it, which would close arrays that are still
   * in use.
   */
  void stop() {
    scopes().remove(scope);
  }

  String of(NDArray array) {
    return sites.getOrDefault(array, "by another thread, or in an NDScope that let it go");
  }

  private static void set(NDScope scope, IdentityHashMap<NDArray, NDArray> resources) {
    try {
      field("resources").set(scope, resources);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked") // The declared type of the field.
  private static Deque<NDScope> scopes() {
    try {
      return ((ThreadLocal<Deque<NDScope>>) field("SCOPE_STACK").get(null)).get();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Field field(String name) {
    try {
      Field field = NDScope.class.getDeclaredField(name);
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("this release of DJL keeps its scopes in another way", e);
    }
  }

  private final class Recorder extends IdentityHashMap<NDArray, NDArray> {

    private static final long serialVersionUID = 1L;

    @Override
    public NDArray put(NDArray key, NDArray value) {
      sites.put(key, CallSites.here());
      // Nothing is stored for closing.
      return value;
    }
  }
}
