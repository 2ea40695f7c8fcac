package org.llm4msr.tck.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.tck.harness.KitContext;

/**
 * Reads all interactions in a separate process, whose resident memory is that of the reader only.
 */
public final class ReaderProcess {

  /** The memory that the runtime gives a reader by default. */
  public static final long MEMORY_BYTES = 512L << 20;

  private ReaderProcess() {}

  /** Reads with a plugin, by its name. */
  public static MeasuredProcess.Report run(
      String plugin, List<String> settings, Path folder, Path scratch)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of(plugin, folder.toString(), scratch.toString()));
    arguments.addAll(settings);
    return MeasuredProcess.run(ReaderProcess.class, "512m", arguments);
  }

  /** Reads with the plugin, folder, scratch folder and settings that the arguments name. */
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
    MeasuredProcess.report(rows);
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
}
