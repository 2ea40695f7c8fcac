package org.llm4msr.api.knowledge;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** What the runtime hands a prompt builder at creation. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface PromptContext {

  /** Returns the folder against which paths in the configuration are resolved. */
  Path base();
}
