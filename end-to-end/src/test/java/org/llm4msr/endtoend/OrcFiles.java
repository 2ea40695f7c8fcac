package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Files that only Spark can write here. */
final class OrcFiles {

  private static final String PROGRAM =
      """
      import org.apache.spark.sql.SparkSession;

      class WriteOrc {
        public static void main(String[] files) {
          SparkSession session =
              SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
          session.read().parquet(files[0]).coalesce(1).write().orc(files[1]);
          session.stop();
        }
      }
      """;

  private OrcFiles() {}

  /**
   * Writes the rows of a Parquet file as a folder of ORC, in a process with Spark's libraries.
   *
   * @param environment of {@link SparkFolder#write}
   */
  static void write(Map<String, String> environment, Path parquet, Path orc) throws Exception {
    Path program = Files.writeString(orc.resolveSibling("WriteOrc.java"), PROGRAM);
    Path log = orc.resolveSibling("WriteOrc.log");
    List<String> line = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    for (String name : List.of("java.lang", "java.nio", "java.util", "sun.nio.ch")) {
      line.add("--add-opens=java.base/" + name + "=ALL-UNNAMED");
    }
    line.addAll(List.of("-cp", environment.get("SPARK_HOME") + "/jars/*", program.toString()));
    line.addAll(List.of(parquet.toString(), orc.toString()));
    ProcessBuilder process = new ProcessBuilder(line);
    process.environment().putAll(environment);
    process.redirectErrorStream(true).redirectOutput(log.toFile());
    int code = process.start().waitFor();
    assertThat(code).as(Files.readString(log)).isZero();
  }
}
