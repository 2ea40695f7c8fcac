package org.llm4msr.api;

import ai.djl.ndarray.NDManager;

/** The configured tensor engine and device, for plugins that use arrays of their own. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface TensorService {

  /** Makes a manager whose arrays live on the configured device. The caller closes it. */
  NDManager newManager();

  /** Returns whether several threads may compute at once. */
  boolean isThreadSafe();

  /** Returns whether {@link #script} works. */
  boolean runsScripts();

  /**
   * Compiles methods of a TorchScript class {@code M}, written as TorchScript serializes them:
   * {@code self} is of type {@code __torch__.M}, operations are {@code torch.NAME}. Within the
   * methods, arrays may be of types that {@code NDArray} cannot hold, such as bfloat16; once
   * returned, such an array can only be passed to a later call.
   *
   * @param methods their source, indented by two spaces
   * @throws UnsupportedFeatureException if the engine runs no scripts
   */
  Script script(String methods);
}
