package org.llm4msr.api.knowledge;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** What a prompt builder gets from the runtime when it is created. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface PromptContext {

  /** Returns the folder against which paths in the configuration are resolved. */
  Path base();
}
