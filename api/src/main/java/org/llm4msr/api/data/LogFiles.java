package org.llm4msr.api.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.Stability;

/** Settings that name the files of a log, of which nodes of a cluster read each in pieces. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface LogFiles {

  /** Returns the files in a folder by part, in order; the key is empty if they are not divided. */
  Map<String, List<String>> logFiles(Path folder);

  /** Returns whether a file is a header and lines, one or more to a row, and not a table. */
  boolean hasLines(String file);

  /** Returns these settings for other files of the same columns. */
  Record withLogFiles(Map<String, List<String>> files);
}
