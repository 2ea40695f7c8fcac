package org.llm4msr.runtime.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.preparation.DatasetPreparation;
import org.llm4msr.runtime.data.preparation.PreparationRequest;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextWrappers;

/**
 * Prepares the data of an experiment with nodes that read its log and write its rows.
 *
 * <p>It is called with {@code config} (the file of the experiment), {@code overrides}, {@code
 * plugins}, {@code out} (the folder of the prepared data), {@code extend} (data whose ids are kept,
 * or none), {@code force}, {@code partRows} and {@code nodes} (see {@link CalledNodes}). It returns
 * {@code train}, {@code validation}, {@code test}, {@code users}, {@code scenarios} (their numbers)
 * and {@code reused} (whether the data was there).
 */
public final class PrepareData implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> prepare(settings));
  }

  private static Map<String, Object> prepare(Settings settings) {
    LoadedConfig loaded =
        settings.loader().load(settings.folder("config"), settings.texts("overrides"));
    DatasetConfig dataset = loaded.config().dataset();
    Path folder = loaded.base().resolve(dataset.path()).toAbsolutePath().normalize();
    try (Scratch scratch = loaded.config().runtime().scratch(folder, dataset)) {
      boolean skip = dataset.malformed().policy() == MalformedConfig.Policy.SKIP;
      CalledNodes nodes = new CalledNodes(settings, folder, plan(loaded, scratch), skip);
      @Nullable LogFiles named = namedLog(dataset);
      DatasetConfig read =
          named == null ? dataset : with(dataset, named.withLogFiles(nodes.find(named)));
      try (DatasetReader reader = reader(read, scratch)) {
        if (named == null) {
          nodes.find(requireLog(dataset, reader));
        }
        @Nullable String extend = settings.optional("extend");
        PreparationRequest request =
            new PreparationRequest(
                dataset,
                settings.folder("out"),
                scratch.memoryBytes(),
                scratch.threads(),
                settings.is("force"),
                extend == null ? null : BundleModel.data(Path.of(extend)),
                loaded.file().toString());
        return told(DatasetPreparation.prepare(reader, request, nodes, Progress.NONE));
      }
    }
  }

  /** Returns what names the log, in the settings of its reader; null where the reader finds it. */
  static @Nullable LogFiles namedLog(DatasetConfig dataset) {
    return dataset.reader().config() instanceof LogFiles log ? log : null;
  }

  private static List<LogFile> requireLog(DatasetConfig dataset, DatasetReader reader) {
    List<LogFile> log = reader.logFiles();
    if (log.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "spark/READER",
          "The reader %s does not read its log in pieces, as the nodes of a cluster do. Run `llm4msr data prepare`, or describe the files to the reader table."
              .formatted(dataset.reader().name()));
    }
    return log;
  }

  /** Returns a section with other settings of its reader. */
  static DatasetConfig with(DatasetConfig dataset, Record settings) {
    PluginChoice<DatasetReaderFactory<Record>, Record> choice = dataset.reader();
    return dataset.with(PluginChoice.of(choice.name(), choice.factory(), settings));
  }

  static DatasetReader reader(DatasetConfig dataset, Scratch scratch) {
    DatasetReader reader = dataset.reader().create(DatasetReaderFactory::create, scratch);
    return ContextWrappers.of(dataset.reader().calls(), reader);
  }

  /** Writes the configuration as nodes can read it: one file. */
  private static Path plan(LoadedConfig loaded, Scratch scratch) {
    try {
      Path folder = Files.createDirectory(scratch.scratch().resolve("plan"));
      Files.writeString(folder.resolve(OpenReading.CONFIG), loaded.effective().yaml(), UTF_8);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> told(PreparationResult result) {
    SplitCounts rows = result.manifest().rows();
    return Map.of(
        "train",
        rows.train(),
        "validation",
        rows.validation(),
        "test",
        rows.test(),
        "users",
        (long) result.manifest().users(),
        "scenarios",
        (long) result.manifest().scenarios().size(),
        "reused",
        result.reused());
  }
}
