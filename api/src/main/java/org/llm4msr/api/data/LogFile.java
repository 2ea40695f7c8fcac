package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/**
 * A file whose rows are interactions.
 *
 * @param path one of {@link DatasetReader#sources}
 * @param header whether its first line names columns
 * @param lines whether nodes of a cluster may read some of its lines each; otherwise, one reads all
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record LogFile(Path path, boolean header, boolean lines) {

  public LogFile {
    requireNonNull(path, "path is null");
  }
}
