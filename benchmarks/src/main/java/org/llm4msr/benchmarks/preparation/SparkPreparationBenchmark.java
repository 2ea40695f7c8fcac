package org.llm4msr.benchmarks.preparation;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Measures {@code spark prepare} on executors of this machine, whose heap is small:
 *
 * <pre>
 * benchmarks/run preparation.SparkPreparationBenchmark DIR 2000000 50000000
 * </pre>
 *
 * {@code SPARK_HOME} names Spark, of the jars of Maven for instance ({@code
 * examples/spark/spark-home.sh}). {@code -Dexecutors} (2), {@code -Dheap} (1024 MB of each) and
 * {@code -Dlauncher} change it. The log is that of {@link PreparationBenchmark}; where that has
 * prepared it in the same folder, the last column says whether the results are equal. Written files
 * stay.
 */
public final class SparkPreparationBenchmark {

  private static final int EXECUTORS = Integer.getInteger("executors", 2);
  private static final int HEAP = Integer.getInteger("heap", 1024);
  private static final double MIB = 1 << 20;

  private final Path folder;
  private final Path launcher;
  private final PrintStream out = System.out;

  private SparkPreparationBenchmark(Path folder) {
    this.folder = folder;
    Path checkout = Path.of(System.getProperty("peers"), "../../llm4msr").normalize();
    this.launcher = Path.of(System.getProperty("launcher", checkout.toString()));
  }

  /** Runs it. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    SparkPreparationBenchmark benchmark =
        new SparkPreparationBenchmark(Files.createDirectories(Path.of(arguments[0])).toRealPath());
    benchmark.out.println(
        "rows         seconds   rows/s   heap    executor MiB   driver MiB   staged MiB   result");
    for (String rows : Arrays.copyOfRange(arguments, 1, arguments.length)) {
      benchmark.prepare(Long.parseLong(rows));
    }
  }

  private void prepare(long rows) throws IOException, InterruptedException {
    String dataset = GeneratedLog.in(folder, rows);
    Path work = folder.resolve("spark-rows-" + rows);
    Path config = folder.resolve(work.getFileName() + ".yaml");
    Files.writeString(config, GeneratedLog.experiment(work, dataset));
    Path staging = Files.createDirectories(folder.resolve("staging"));
    long start = System.nanoTime();
    Process process = start(config, staging);
    ProcessPeaks peaks = ProcessPeaks.watch(process, staging);
    if (process.exitValue() != 0) {
      throw new IOException("%s failed".formatted(config));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    out.printf(
        Locale.ROOT,
        "%,-12d %7.1f %,8.0f   %-9s %,10.0f %,12.0f %,12.0f   %s%n",
        rows,
        seconds,
        rows / seconds,
        String.join(" ", peaks.heaps()),
        peaks.executor() / MIB,
        peaks.driver() / MIB,
        peaks.staged() / MIB,
        compared(work, folder.resolve("work-rows-" + rows)));
  }

  private Process start(Path config, Path staging) throws IOException {
    List<String> line = new ArrayList<>(List.of(launcher.toString(), "spark", "prepare"));
    line.addAll(List.of(config.toString(), "--force", "--staging=" + staging));
    line.add("--master=local-cluster[%d,1,%d]".formatted(EXECUTORS, HEAP));
    for (String conf :
        List.of(
            "spark.executor.memory=" + HEAP + "m",
            "spark.local.dir=" + folder.resolve("local"),
            "spark.ui.enabled=false",
            "spark.driver.host=127.0.0.1",
            "spark.driver.bindAddress=127.0.0.1",
            "spark.scheduler.minRegisteredResourcesRatio=1")) {
      line.add("--conf=" + conf);
    }
    return new ProcessBuilder(line)
        .directory(folder.toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(folder.resolve("spark.log").toFile())
        .start();
  }

  private static String compared(Path spark, Path one) throws IOException {
    if (!Files.exists(one.resolve("prepared/dataset.json"))) {
      return "not compared";
    }
    return PreparedSums.of(spark.resolve("prepared"))
            .equals(PreparedSums.of(one.resolve("prepared")))
        ? "that of one machine"
        : "ANOTHER than that of one machine";
  }
}
