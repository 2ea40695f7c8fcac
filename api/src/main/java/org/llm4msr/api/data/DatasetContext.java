package org.llm4msr.api.data;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** What a reader or generator gets from the runtime when it is created. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetContext {

  /** Returns the folder of the raw files. */
  Path folder();

  /** Returns an empty folder for temporaries, deleted by the runtime. */
  Path scratch();

  /** Returns the memory that may be used, in bytes. */
  long memoryBytes();

  /** Returns the number of threads that may be used. */
  int threads();

  /**
   * Returns whether rows that cannot be read are skipped and reported in {@link
   * DatasetReader#leftOut}; otherwise the first such row is an error. A reader that cannot skip is
   * strict.
   */
  default boolean skipMalformed() {
    return false;
  }
}
