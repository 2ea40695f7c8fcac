package org.llm4msr.api.features;

import java.nio.file.Path;
import java.time.Duration;
import org.llm4msr.api.Stability;

/** What a source gets from the server when it is created. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface FeatureContext {

  /** Returns the folder against which paths in the configuration are resolved. */
  Path base();

  /** Returns how long a request waits for an answer at most. */
  Duration timeout();
}
