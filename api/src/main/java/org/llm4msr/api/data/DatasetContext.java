package org.llm4msr.api.data;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** What the runtime hands a reader or generator at creation. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetContext {

  /** Returns the folder of the raw files. */
  Path folder();

  /** Returns an empty folder for temporaries, deleted by the runtime. */
  Path scratch();

  /** Returns the memory that may be used, in bytes. */
  long memoryBytes();

  /** Returns the threads that may be used. */
  int threads();
}
