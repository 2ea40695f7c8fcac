package org.llm4msr.tck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * Reads all interactions in a process of its own, whose resident memory is that of the reader
 * alone.
 */
final class ReaderProcess {

  /** What the runtime hands a reader by default. */
  static final long MEMORY_BYTES = 512L << 20;

  private static final Path STATUS = Path.of("/proc/self/status");

  private ReaderProcess() {}

  /**
   * What a process reports.
   *
   * @param peakBytes the most resident memory that it had
   */
  record Report(long rows, long peakBytes) {}

  /** Returns whether this system says what resident memory a process had. */
  static boolean measures() {
    return Files.isReadable(STATUS);
  }

  /** Reads with a plugin, by its name. */
  static Report run(String plugin, List<String> settings, Path folder, Path scratch)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                ReaderProcess.class.getName(),
                plugin,
                folder.toString(),
                scratch.toString()));
    command.addAll(settings);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output;
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      output = lines.lines().collect(Collectors.joining("\n"));
    }
    Finding.unless(process.waitFor() == 0, "a process that reads all rows", output);
    String[] report = output.substring(output.lastIndexOf('\n') + 1).split(" ");
    return new Report(Long.parseLong(report[0]), Long.parseLong(report[1]));
  }

  /** Reads with the plugin, folder, scratch folder and settings that are named. */
  public static void main(String[] arguments) throws Exception {
    PluginRegistry plugins = PluginRegistry.load();
    DatasetReaderFactory<?> factory =
        (DatasetReaderFactory<?>) plugins.factory(PluginKind.DATASET_READER, arguments[0]);
    KitContext context =
        KitContext.dataset(Path.of(arguments[1]), Path.of(arguments[2]), MEMORY_BYTES);
    List<String> settings = List.of(arguments).subList(3, arguments.length);
    long rows = 0;
    try (DatasetReader reader = create(factory, plugins, settings, context);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      while (batches.loadNextBatch()) {
        rows += batches.getVectorSchemaRoot().getRowCount();
      }
    }
    System.out.println(rows + " " + peakBytes());
  }

  private static <C extends Record> DatasetReader create(
      DatasetReaderFactory<C> factory,
      PluginRegistry plugins,
      List<String> settings,
      KitContext context) {
    C config =
        ConfigLoader.standard(plugins)
            .bind(factory.configType(), settings, factory.configType().getName());
    return factory.create(config, context);
  }

  private static long peakBytes() throws IOException {
    Optional<String> peak =
        Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmHWM:")).findFirst();
    return Long.parseLong(peak.orElseThrow().replaceAll("\\D", "")) << 10;
  }
}
