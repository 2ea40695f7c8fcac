package org.llm4msr.spark.prepare;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.llm4msr.spark.home.JobException;

/** Tries the staging folder before anything is read: each task looks for a file of the driver. */
final class StagingCheck {

  private static final String MARKER = "_check/driver";

  private StagingCheck() {}

  /**
   * Refuses a folder that is not one for all nodes.
   *
   * @throws JobException {@code spark/STAGING} if the driver or a node cannot write there, or a
   *     node does not see what the driver writes
   */
  static void require(JavaSparkContext context, Staging staging) throws IOException {
    try {
      staging.touch(MARKER);
    } catch (IOException | RuntimeException e) {
      throw refused("the driver cannot write into %s: %s".formatted(staging.root(), text(e)));
    }
    int tasks = Math.max(1, context.defaultParallelism());
    List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
    List<String> problems =
        context.parallelize(numbers, tasks).map(n -> problem(staging, n)).collect().stream()
            .filter(problem -> !problem.isEmpty())
            .distinct()
            .toList();
    if (!problems.isEmpty()) {
      staging.delete();
      throw refused(problems.get(0));
    }
  }

  private static String problem(Staging staging, int task) {
    String host = SparkEnv.get().blockManager().blockManagerId().host();
    try {
      if (!staging.has(MARKER)) {
        return "%s does not see what the driver writes into %s".formatted(host, staging.root());
      }
      staging.touch("_check/" + task);
      return "";
    } catch (IOException | RuntimeException e) {
      return "%s cannot write into %s: %s".formatted(host, staging.root(), text(e));
    }
  }

  private static String text(Exception error) {
    return error.getClass().getSimpleName() + ": " + error.getMessage();
  }

  private static JobException refused(String problem) {
    return JobException.ofUser(
        "spark/STAGING",
        problem + ". Name a folder by --staging that all nodes have and may write, or a URL.");
  }
}
