package org.llm4msr.tck.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.tck.harness.KitContext;

/** Generates in a separate process, and counts the interactions that are reported as progress. */
public final class GeneratorProcess {

  private static final long MEMORY_BYTES = 256L << 20;

  private GeneratorProcess() {}

  /** Generates with a plugin, by its name. */
  public static MeasuredProcess.Report run(
      String plugin, List<String> settings, Path folder, Path scratch)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of(plugin, folder.toString(), scratch.toString()));
    arguments.addAll(settings);
    return MeasuredProcess.run(GeneratorProcess.class, "256m", arguments);
  }

  /** Generates with the plugin, folder, scratch folder and settings that the arguments name. */
  public static void main(String[] arguments) throws IOException {
    PluginRegistry plugins = PluginRegistry.load();
    DatasetGeneratorFactory<?> factory =
        (DatasetGeneratorFactory<?>) plugins.factory(PluginKind.DATASET_GENERATOR, arguments[0]);
    KitContext context =
        KitContext.dataset(Path.of(arguments[1]), Path.of(arguments[2]), MEMORY_BYTES);
    List<String> settings = List.of(arguments).subList(3, arguments.length);
    MeasuredProcess.report(generate(factory, plugins, settings, context));
  }

  private static <C extends Record> long generate(
      DatasetGeneratorFactory<C> factory,
      PluginRegistry plugins,
      List<String> settings,
      KitContext context)
      throws IOException {
    C config =
        ConfigLoader.standard(plugins)
            .bind(factory.configType(), settings, factory.configType().getName());
    AtomicLong reported = new AtomicLong();
    factory.create(config, context).generate((done, total) -> reported.set(done));
    return reported.get();
  }
}
