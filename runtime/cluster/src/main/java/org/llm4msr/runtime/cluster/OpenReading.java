package org.llm4msr.runtime.cluster;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.preparation.PieceReading;
import org.llm4msr.runtime.files.Scratch;

/**
 * Opens the configuration of a preparation, to read pieces of its log. It is called with {@code
 * plan} (a folder with the configuration), {@code folder} (of the raw files), {@code plugins} and
 * {@code memory} (bytes of a database), and returns a function that is safe for several threads.
 *
 * <p>That function is called with {@code piece} (a file), {@code shown} (what it is called in
 * errors), {@code part} (of the log, may be empty), {@code file}, {@code start} (number of the
 * file, and where the piece begins in it), {@code rows} and {@code columns} (files that are
 * written), and {@code scratch} (an empty folder). It returns the number of rows.
 */
public final class OpenReading implements Function<Object, Object> {

  /** The file of the configuration. */
  static final String CONFIG = "config.yaml";

  @Override
  public Object apply(Object argument) {
    return Errors.passOn(() -> open(Settings.of(argument)));
  }

  private static Reading open(Settings settings) {
    LoadedConfig loaded = settings.loader().loadStored(settings.folder("plan").resolve(CONFIG));
    return new Reading(
        loaded.config().dataset(),
        settings.folder("folder"),
        settings.number("memory").longValue());
  }

  /** Reads pieces. */
  private record Reading(DatasetConfig dataset, Path folder, long memory)
      implements Function<Object, Object> {

    @Override
    public Object apply(Object argument) {
      return Errors.passOn(() -> read(Settings.of(argument)));
    }

    private long read(Settings settings) {
      String piece = settings.text("piece");
      LogFiles log = (LogFiles) dataset.reader().config();
      DatasetConfig config =
          PrepareData.with(
              dataset, log.withLogFiles(Map.of(settings.text("part"), List.of(piece))));
      try (Scratch scratch = new Scratch(folder, memory, 1);
          DatasetReader reader = PrepareData.reader(config, scratch);
          PreparationDatabase database =
              new PreparationDatabase(settings.folder("scratch"), memory, 1)) {
        return PieceReading.read(
            reader,
            database,
            settings.number("file").intValue(),
            settings.number("start").longValue(),
            settings.folder("rows"),
            settings.folder("columns"));
      } catch (MsrException e) {
        String text = e.text().replace(piece, settings.text("shown"));
        throw new MsrException(e.type(), e.code(), text, e);
      }
    }
  }
}
