package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.plugins.PluginCall;

/**
 * Calls one plugin of a model, and refuses it where it closes arrays that the runtime or other
 * plugins still read: they would fail later, far from the cause. Names it where it uses an array
 * that is closed.
 */
final class CheckedPart {

  /** What DJL says of closed arrays and managers. */
  private static final Pattern CLOSED =
      Pattern.compile("Native resource has been released|NDManager has been closed");

  private final PluginCall plugin;
  private final Function<String, Optional<String>> closed;
  private final String scope;

  /**
   * Makes the seam.
   *
   * @param closed names a parameter of a scope whose array has been closed, if any
   * @param scope of the parameters of the plugin
   */
  CheckedPart(PluginCall plugin, Function<String, Optional<String>> closed, String scope) {
    this.plugin = plugin;
    this.closed = closed;
    this.scope = scope;
  }

  PluginCall plugin() {
    return plugin;
  }

  /** Returns the arrays of features by their names in errors. */
  static Map<String, NDArray> arrays(Features features) {
    return features instanceof EmbeddedFeatures own
        ? own.arrays()
        : Map.of("features.flat()", features.flat());
  }

  /**
   * Runs a call.
   *
   * @param method for example {@code forward()}
   * @param given the arrays that it reads, by their names in errors
   * @throws org.llm4msr.api.MsrException {@code plugin/CLOSED_ARRAY}, {@code plugin/INTERRUPTED},
   *     and as {@link PluginCall#call}
   */
  <T> T call(
      String method,
      Pass pass,
      Map<String, NDArray> given,
      PluginCall.Call<T, RuntimeException> call) {
    T result;
    try {
      result = plugin.call(method, call);
    } catch (IllegalStateException e) { // What DJL throws on the use of a closed array.
      requireOpen(method, pass, given, e);
      if (CLOSED.matcher(String.valueOf(e.getMessage())).find()) {
        throw plugin.error(
            "CLOSED_ARRAY",
            "used a closed array in %s. What is made in a pass belongs to pass.manager(), which is closed when the pass ends: have it make index arrays and masks again in each pass, or as a buffer, and call array() of parameters there."
                .formatted(method),
            e);
      }
      throw e;
    }
    requireOpen(method, pass, given, null);
    if (Thread.interrupted()) { // Callers' interrupts do not reach the engine's thread.
      throw plugin.error(
          "INTERRUPTED",
          "interrupted its own thread in %s. Have it leave Thread.interrupt() out: what writes files next would fail."
              .formatted(method),
          null);
    }
    return result;
  }

  /** Refuses a result that is closed. */
  void requireOpen(String method, String name, @Nullable NDArray result) {
    if (result != null && result.isReleased()) {
      throw closed(name + ", its result,", method, null);
    }
  }

  private void requireOpen(
      String method, Pass pass, Map<String, NDArray> given, @Nullable Throwable cause) {
    given.forEach(
        (name, array) -> {
          if (array.isReleased()) {
            throw closed(pass.manager().isOpen() ? name : "the manager of the pass", method, cause);
          }
        });
    Optional<String> parameter = closed.apply(scope);
    if (parameter.isPresent()) {
      throw closed("the array of " + parameter.get(), method, cause);
    }
  }

  private RuntimeException closed(String what, String method, @Nullable Throwable cause) {
    return plugin.error(
        "CLOSED_ARRAY",
        "closed %s in %s, which the runtime and other plugins still read. Have it close only arrays that it made itself and does not return; the runtime closes the others."
            .formatted(what, method),
        cause);
  }
}
