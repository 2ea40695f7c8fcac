package org.llm4msr.api.data;

import java.util.List;
import java.util.Map;
import org.llm4msr.api.Stability;

/**
 * Settings of a reader whose interactions are the rows of files, each by itself: the nodes of a
 * cluster read them in pieces. The record of the reader's settings implements it.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface LogFiles {

  /** Returns the files by part, in their order; the key is empty where they are not divided. */
  Map<String, List<String>> logFiles();

  /** Returns whether a file is a header and lines, one or more to a row, and not a table. */
  boolean hasLines(String file);

  /** Returns these settings for other files of the same columns. */
  Record withLogFiles(Map<String, List<String>> files);
}
