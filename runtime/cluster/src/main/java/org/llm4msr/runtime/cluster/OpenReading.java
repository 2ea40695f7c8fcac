package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.preparation.PieceReading;
import org.llm4msr.runtime.files.PieceFolder;
import org.llm4msr.runtime.files.Scratch;

/**
 * Opens the configuration of a preparation, to read pieces of its log. It is called with {@code
 * plan} (a folder with the configuration), {@code folder} (of the raw files), {@code plugins} and
 * {@code memory} (bytes of a database), and returns a function that is safe for several threads.
 *
 * <p>That function is called with {@code piece} (a file), {@code of} (the file of the log of which
 * it is one), {@code shown} (what it is called in errors), {@code part} (of the log, may be empty),
 * {@code file}, {@code start} (number of the file, and where the piece begins in it), {@code rows}
 * and {@code columns} (files that are written), and {@code scratch} (an empty folder). It returns
 * the number of rows.
 */
public final class OpenReading implements Function<Object, Object> {

  /** The file of the configuration. */
  static final String CONFIG = "config.yaml";

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> open(settings));
  }

  private static Reading open(Settings settings) {
    LoadedConfig loaded = settings.loader().loadStored(settings.folder("plan").resolve(CONFIG));
    DatasetConfig dataset = loaded.config().dataset();
    Path folder = settings.folder("folder");
    long memory = settings.number("memory").longValue();
    if (PrepareData.namedLog(dataset) != null) {
      return new Reading(settings, dataset, folder, memory, null);
    }
    try (Scratch scratch = new Scratch(folder, memory, 1);
        DatasetReader reader = PrepareData.reader(dataset, scratch)) {
      return new Reading(settings, dataset, folder, memory, PieceFolder.of(folder, reader));
    }
  }

  /**
   * Reads pieces.
   *
   * @param opened what this was opened with
   * @param pieces makes folders of them; null where settings of the reader name the log
   */
  private record Reading(
      Settings opened,
      DatasetConfig dataset,
      Path folder,
      long memory,
      @Nullable PieceFolder pieces)
      implements Function<Object, Object> {

    @Override
    public Object apply(Object argument) {
      return Errors.passOn(opened::plugins, () -> read(Settings.of(argument)));
    }

    private long read(Settings settings) {
      Path piece = settings.folder("piece");
      String shown = settings.text("shown");
      if (pieces == null) {
        Map<String, List<String>> log = Map.of(settings.text("part"), List.of(piece.toString()));
        LogFiles named = requireNonNull(PrepareData.namedLog(dataset), "a log");
        DatasetConfig config = PrepareData.with(dataset, named.withLogFiles(log));
        return read(settings, config, folder, text -> text.replace(piece.toString(), shown));
      }
      try {
        Path own = make(settings, "raw");
        Path place = pieces.fill(settings.folder("of"), piece, own);
        UnaryOperator<String> naming =
            text ->
                text.replace(place.toString(), shown).replace(own.toString(), folder.toString());
        return read(settings, dataset, own, naming);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Path make(Settings settings, String name) {
      try {
        return Files.createDirectory(settings.folder("scratch").resolve(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private long read(
        Settings settings, DatasetConfig config, Path from, UnaryOperator<String> naming) {
      boolean skip = config.malformed().policy() == MalformedConfig.Policy.SKIP;
      try (Scratch scratch = new Scratch(from, memory, 1, skip, make(settings, "reader"));
          DatasetReader reader = PrepareData.reader(config, scratch);
          PreparationDatabase own =
              new PreparationDatabase(make(settings, "database"), memory, 1)) {
        return PieceReading.read(
            reader,
            own,
            settings.number("file").intValue(),
            settings.number("start").longValue(),
            settings.folder("rows"),
            settings.folder("columns"));
      } catch (MsrException e) {
        MsrException named = new MsrException(e.type(), e.code(), naming.apply(e.text()), e);
        throw Errors.ofNode(named, "Divide the file into smaller ones.");
      }
    }
  }
}
