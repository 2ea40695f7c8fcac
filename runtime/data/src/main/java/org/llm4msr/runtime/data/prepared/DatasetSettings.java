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
  private static final String PER_POSITIVE = NEGATIVES + "perPositive";
  private static final String POOL = NEGATIVES + "pool";

  private DatasetSettings() {}

  /** Returns them by full key below {@code dataset}. */
  public static Map<String, String> of(DatasetConfig config) {
    Map<String, String> settings =
        EffectiveConfig.decisive(FlatValues.of(EffectiveConfig.of(config).values()), config);
    settings.remove(PATH);
    settings.keySet().removeIf(key -> key.startsWith(MALFORMED));
    if (config.negatives().perPositive() == 0) {
      settings.keySet().removeIf(key -> key.startsWith(NEGATIVES) && !key.equals(PER_POSITIVE));
    }
    return settings;
  }

  /**
   * Returns whether drawn negatives made values frequent, so that rare ones are unknown in their
   * positives alone, as far as a manifest records settings.
   */
  public static boolean drawnRowsCounted(DatasetManifest manifest) {
    return !manifest.settings().getOrDefault(PER_POSITIVE, "0").equals("0")
        && manifest.minFrequency() > 1
        && !manifest.loggedFrequency();
  }

  /**
   * Returns those that a manifest records, under their present names. Before the pool of negatives
   * was a setting, they came from the earlier parts as well.
   */
  public static Map<String, String> recorded(DatasetManifest manifest, DatasetConfig config) {
    Map<String, String> settings = EffectiveConfig.decisive(manifest.settings(), config);
    boolean draws = !settings.getOrDefault(PER_POSITIVE, "0").equals("0");
    if (draws && settings.keySet().stream().noneMatch(key -> key.startsWith(POOL))) {
      settings.put(POOL, "earlier");
    }
    return settings;
  }
}
