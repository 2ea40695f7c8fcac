package org.llm4msr.runtime.generation;

import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Writes generated raw data. Bound by {@code RuntimeModule}. */
public final class DataGeneration {

  /** Names generator and settings, so that a finished folder is recognised. */
  private static final String STAMP = "generator.yaml";

  private static final long MEMORY_BYTES = 4L << 30;

  private final PluginRegistry plugins;
  private final ConfigLoader loader;

  @Inject
  DataGeneration(PluginRegistry plugins, ConfigLoader loader) {
    this.plugins = plugins;
    this.loader = loader;
  }

  /**
   * The result of a generation.
   *
   * @param folder the raw files
   * @param reused whether they were there already, from the same settings
   */
  public record Result(Path folder, boolean reused) {

    /** Returns a sentence. */
    public String text() {
      return folder + (reused ? " already exists, with the same settings." : " is written.");
    }
  }

  /**
   * Writes raw files into a new folder; an existing one is reused if it came from the same
   * settings. The folder appears only once it is complete.
   *
   * @param name the generator
   * @param overrides its settings, {@code key=value} each
   * @throws MsrException {@code data/NOT_EMPTY} where the folder holds something else
   */
  public Result generate(String name, Path target, List<String> overrides, Progress progress) {
    DatasetGeneratorFactory<?> factory = plugins.factory(DatasetGeneratorFactory.class, name);
    Record config = loader.bind(factory.configType(), overrides, "The generator " + name);
    String stamp = "name: " + name + "\n" + EffectiveConfig.of(config).yaml();
    Path folder = target.toAbsolutePath().normalize();
    try {
      if (Files.exists(folder) && isFilled(folder)) {
        requireSame(folder, stamp);
        return new Result(folder, true);
      }
      write(PluginChoice.of(name, factory, config), folder, stamp, progress);
      return new Result(folder, false);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "data/NOT_WRITTEN",
          "%s could not be written: %s. Check the disk and the permissions, then generate again."
              .formatted(folder, FileErrors.reason(e)),
          e);
    }
  }

  private static boolean isFilled(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }

  private static void requireSame(Path folder, String stamp) throws IOException {
    Path file = folder.resolve(STAMP);
    if (!Files.exists(file) || !Files.readString(file).equals(stamp)) {
      throw new MsrException(
          ErrorType.USER,
          "data/NOT_EMPTY",
          "%s holds files that these settings would not produce. Choose another folder, or delete this one."
              .formatted(folder));
    }
  }

  private static void write(
      PluginChoice<DatasetGeneratorFactory<Record>, Record> choice,
      Path folder,
      String stamp,
      Progress progress)
      throws IOException {
    Path parent = folder.getParent() == null ? folder : folder.getParent();
    Files.createDirectories(parent);
    Path unfinished = Files.createTempDirectory(parent, folder.getFileName() + ".tmp-");
    // A temporary folder is closed to other users, but a folder in it has the usual permissions.
    Path data = Files.createDirectory(unfinished.resolve("data"));
    try (ContextLoader scope = ContextLoader.of(choice.factory());
        Scratch context =
            new Scratch(data, MEMORY_BYTES, Runtime.getRuntime().availableProcessors())) {
      DatasetGenerator generator =
          Wiring.of(new GenerationModule(choice, context), List.of()).get(DatasetGenerator.class);
      choice
          .calls()
          .call(
              "generate()",
              () -> {
                generator.generate(progress);
                return generator;
              });
      Files.writeString(data.resolve(STAMP), stamp);
      Files.deleteIfExists(folder);
      Files.move(data, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Scratch.delete(unfinished);
    }
  }
}
