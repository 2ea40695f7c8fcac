package org.llm4msr.plugins.datasets;

import java.nio.file.Path;
import org.llm4msr.api.data.DatasetContext;

/** Contexts as the runtime would hand them out. */
public final class Contexts {

  private Contexts() {}

  /** Returns a context of one folder, with another for temporaries. */
  public static DatasetContext of(Path folder, Path scratch) {
    return of(folder, scratch, false);
  }

  /** Returns a context in which malformed rows are skipped. */
  public static DatasetContext skipping(Path folder, Path scratch) {
    return of(folder, scratch, true);
  }

  private static DatasetContext of(Path folder, Path scratch, boolean skipMalformed) {
    return new DatasetContext() {
      @Override
      public Path folder() {
        return folder;
      }

      @Override
      public Path scratch() {
        return scratch;
      }

      @Override
      public long memoryBytes() {
        return 512L << 20;
      }

      @Override
      public int threads() {
        return 2;
      }

      @Override
      public boolean skipMalformed() {
        return skipMalformed;
      }
    };
  }
}
