package org.llm4msr.api.knowledge;

import java.nio.file.Path;
import org.llm4msr.api.Stability;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.UnsupportedFeatureException;

/** What an encoder gets from the runtime when it is created. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface EncoderContext {

  /** Returns the folder against which paths in the configuration are resolved. */
  Path base();

  /** Returns an empty folder for temporaries, deleted by the runtime. */
  Path scratch();

  /** Returns the number of threads that may be used. */
  int threads();

  /**
   * Returns the tensor engine that the configuration names, and loads it if necessary.
   *
   * @throws UnsupportedFeatureException if the caller has none
   */
  default TensorService tensors() {
    throw new UnsupportedFeatureException("tensors", "There is no engine: use another encoder.");
  }
}
