package org.llm4msr.runtime.data.prepared;

import java.util.Map;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.FlatValues;

/** The settings that decide what prepared data holds. */
public final class DatasetSettings {

  private static final String PATH = "path";
  private static final String MALFORMED = "malformed.";
  private static final String NEGATIVES = "negatives.";

  private DatasetSettings() {}

  /** Returns them by full key below {@code dataset}. */
  public static Map<String, String> of(DatasetConfig config) {
    Map<String, String> settings =
        EffectiveConfig.decisive(FlatValues.of(EffectiveConfig.of(config).values()), config);
    settings.remove(PATH);
    settings.keySet().removeIf(key -> key.startsWith(MALFORMED));
    if (config.negatives().perPositive() == 0) {
      settings
          .keySet()
          .removeIf(key -> key.startsWith(NEGATIVES) && !key.equals(NEGATIVES + "perPositive"));
    }
    return settings;
  }
}
