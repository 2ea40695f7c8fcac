package org.llm4msr.spark.home;

import java.util.Set;
import org.apache.spark.sql.AnalysisException;

/** What Spark says of files and tables that it cannot find or read. */
public final class MissingInput {

  private static final Set<String> MISSING = Set.of("PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND");

  private MissingInput() {}

  /**
   * Returns an error as the user should see it.
   *
   * @param error of Spark, which throws checked ones that its signatures do not tell
   * @param name of the file or table
   * @param wayOut what to do where there is none
   * @return {@code data/MISSING_FILE}, {@code data/BAD_ROWS}, or the error itself
   */
  public static RuntimeException explain(Exception error, String name, String wayOut) {
    if (error instanceof AnalysisException analysis) {
      return MISSING.contains(String.valueOf(analysis.getCondition()))
          ? JobException.ofUser("data/MISSING_FILE", "There is no %s. %s".formatted(name, wayOut))
          : JobException.of(
              "data/BAD_ROWS", "%s cannot be read: %s".formatted(name, error.getMessage()), error);
    }
    return error instanceof RuntimeException known ? known : new IllegalStateException(error);
  }
}
