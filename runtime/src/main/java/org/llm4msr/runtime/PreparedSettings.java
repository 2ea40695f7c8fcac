package org.llm4msr.runtime;

import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.LoadedConfig;
import org.llm4msr.runtime.data.DatasetManifest;
import org.llm4msr.runtime.data.DatasetSettings;
import org.llm4msr.runtime.data.PreparedScenario;

/** Notices prepared data of other settings, as far as that is possible without the raw files. */
final class PreparedSettings {

  private PreparedSettings() {}

  static void requireSame(DatasetManifest manifest, LoadedConfig loaded) {
    DatasetConfig dataset = loaded.config().dataset();
    List<String> keys = manifest.scenarios().stream().map(PreparedScenario::key).toList();
    requireSame("dataset.name", manifest.name(), dataset.reader().name(), loaded);
    requireSame("dataset.minFrequency", manifest.minFrequency(), dataset.minFrequency(), loaded);
    boolean extended = manifest.extended() != null; // Then the ranks are those of before.
    if (!dataset.scenarios().isEmpty() && !(extended && keys.containsAll(dataset.scenarios()))) {
      requireSame("dataset.scenarios", keys, dataset.scenarios(), loaded);
    }
    Map<String, String> prepared = manifest.settings();
    DatasetSettings.of(dataset)
        .forEach(
            (key, value) ->
                requireSame("dataset." + key, prepared.getOrDefault(key, value), value, loaded));
  }

  private static void requireSame(
      String key, Object prepared, Object configured, LoadedConfig loaded) {
    if (!prepared.equals(configured)) {
      throw new MsrException(
          ErrorType.USER,
          "data/OTHER_SETTINGS",
          "The data was prepared with %s = %s, and the configuration says %s. Run `llm4msr data prepare --force %s`."
              .formatted(key, prepared, configured, loaded.file()));
    }
  }
}
