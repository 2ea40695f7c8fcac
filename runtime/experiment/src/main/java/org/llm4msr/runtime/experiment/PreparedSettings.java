package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.DatasetSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Detects prepared data of other settings, as far as that is possible without the raw files. */
final class PreparedSettings {

  private static final Logger LOG = LoggerFactory.getLogger(PreparedSettings.class);

  private PreparedSettings() {}

  /**
   * Refuses prepared data of other settings.
   *
   * @param manifest of the prepared data
   * @param file of the manifest, for the error
   */
  static void requireSame(DatasetManifest manifest, Path file, LoadedConfig loaded) {
    DatasetConfig dataset = loaded.config().dataset();
    List<String> keys = manifest.scenarioKeys();
    List<String> differences = new ArrayList<>();
    compare("dataset.name", manifest.name(), dataset.reader().name(), differences);
    compare("dataset.minFrequency", manifest.minFrequency(), dataset.minFrequency(), differences);
    boolean extended = manifest.extended() != null; // In extended data the ranks stay as they were.
    if (!dataset.scenarios().isEmpty() && !(extended && keys.containsAll(dataset.scenarios()))) {
      compare("dataset.scenarios", keys, dataset.scenarios(), differences);
    }
    if (!manifest.settings().isEmpty()) {
      differences.addAll(
          FlatValues.differences(
              "dataset.",
              DatasetSettings.recorded(manifest, dataset),
              DatasetSettings.of(dataset)));
    }
    if (!differences.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "data/OTHER_SETTINGS",
          "According to %s, the data was prepared with settings other than those of the configuration: %s. Run `llm4msr data prepare --force %s`, undo the change, or choose another workspace."
              .formatted(
                  file, String.join("; ", new LinkedHashSet<>(differences)), loaded.shellWord()));
    }
  }

  /** Warns of data in which rare values are unknown in positives alone. */
  static void warnOfDrawnRows(DatasetManifest manifest, Path file, LoadedConfig loaded) {
    if (DatasetSettings.drawnRowsCounted(manifest)) {
      LOG.warn(
          "According to {}, drawn negatives made values frequent, as in earlier releases: the id of"
              + " unknown values may tell the label, and new users and items read it. `llm4msr data"
              + " inspect {}` shows whether it does; `llm4msr data prepare --force {}` prepares the"
              + " data without.",
          file,
          loaded.shellWord(),
          loaded.shellWord());
    }
  }

  private static void compare(
      String key, Object prepared, Object configured, List<String> differences) {
    if (!prepared.equals(configured)) {
      differences.add("%s was %s and is now %s".formatted(key, prepared, configured));
    }
  }
}
