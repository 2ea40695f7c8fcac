package org.llm4msr.benchmarks.preparation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Measures time and largest resident memory of {@code data prepare}, in a separate process:
 *
 * <pre>
 * benchmarks/run preparation.PreparationBenchmark DIR MEMORY rows 1000000 10000000
 * benchmarks/run preparation.PreparationBenchmark DIR MEMORY kuaisar
 * </pre>
 *
 * {@code rows} writes logs with these numbers of rows for the reader {@code table}; {@code kuaisar}
 * takes the folder {@code DIR/kuaisar}, and generates a log with the counts of the full release if
 * there is none. Written files stay.
 */
public final class PreparationBenchmark {

  /** The published counts: recommendation, search, users, items. */
  private static final long FEED_ROWS = 14_605_716;

  private static final long SEARCH_ROWS = 5_059_169;
  private static final int USERS = 25_877;
  private static final int ITEMS = 6_949_990;

  private static final long MIB = 1L << 20;

  private final Path folder;
  private final String memory;
  private final PrintStream out = System.out;

  private PreparationBenchmark(Path folder, String memory) {
    this.folder = folder;
    this.memory = memory;
  }

  /** Runs it. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    PreparationBenchmark benchmark =
        new PreparationBenchmark(Path.of(arguments[0]).toAbsolutePath(), arguments[1]);
    Files.createDirectories(benchmark.folder);
    benchmark.out.println("data         rows         seconds   rows/s   peak MiB");
    if (arguments[2].equals("kuaisar")) {
      benchmark.kuaisar();
    } else {
      for (String rows : Arrays.copyOfRange(arguments, 3, arguments.length)) {
        benchmark.rows(Long.parseLong(rows));
      }
    }
  }

  private void kuaisar() throws IOException, InterruptedException {
    // Of two scenarios the second has 2 to the power of -skew of the rows of the first.
    double skew = Math.log((double) FEED_ROWS / SEARCH_ROWS) / Math.log(2);
    long rows = FEED_ROWS + SEARCH_ROWS;
    if (!Files.exists(folder.resolve("kuaisar/GENERATED.json"))) {
      run(
          List.of(
              "data",
              "generate",
              "kuaisar",
              "--out",
              folder.resolve("kuaisar").toString(),
              "-Dinteractions=" + rows,
              "-Dusers=" + USERS,
              "-Ditems=" + ITEMS,
              "-Dscenarios=2",
              "-DscenarioSkew=" + skew),
          "4g");
    }
    prepare("kuaisar", "{ name: kuaisar, path: kuaisar }", rows);
  }

  private void rows(long rows) throws IOException, InterruptedException {
    prepare("rows-" + rows, GeneratedLog.in(folder, rows), rows);
  }

  private void prepare(String name, String dataset, long rows)
      throws IOException, InterruptedException {
    Path work = folder.resolve("work-" + name);
    Path config = folder.resolve(name + ".yaml");
    Files.writeString(config, GeneratedLog.experiment(work, dataset));
    Path costs = work.resolve("stages.jsonl");
    Files.deleteIfExists(costs);
    run(List.of("data", "prepare", config.toString(), "--force", "--memory", memory), "512m");
    if (!Files.exists(costs)) {
      out.println(name + ": prepared already; delete " + work);
      return;
    }
    JsonNode cost = new ObjectMapper().readTree(Files.readString(costs));
    out.printf(
        Locale.ROOT,
        "%-12s %,11d %9.1f %,8.0f %,10d%n",
        name.replaceAll("-.*", ""),
        rows,
        cost.path("seconds").asDouble(),
        rows / cost.path("seconds").asDouble(),
        cost.path("peakBytes").asLong() / MIB);
  }

  private static void run(List<String> arguments, String heap)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "-Xmx" + heap,
            "-cp",
            System.getProperty("java.class.path"),
            "org.llm4msr.cli.Main"));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", arguments) + " failed");
    }
  }
}
