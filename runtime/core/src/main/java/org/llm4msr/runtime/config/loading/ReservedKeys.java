package org.llm4msr.runtime.config.loading;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.PromptsConfig;
import org.llm4msr.runtime.plugins.PluginKind;

/** Keys beside a plugin's own that do not belong to it. */
public final class ReservedKeys {

  private static final List<Class<? extends Record>> HOSTS =
      List.of(DatasetConfig.class, PromptsConfig.class, MetaNetworkConfig.class);

  private ReservedKeys() {}

  /** Returns the keys that no setting of a plugin of this kind can have. */
  public static Set<String> of(PluginKind kind) {
    Set<String> keys = new HashSet<>(Set.of(RecordBinder.NAME));
    for (Class<? extends Record> host : HOSTS) {
      List<SettingInfo> settings = SettingInfo.of(host);
      boolean holds =
          settings.stream()
              .anyMatch(
                  setting ->
                      setting.inline() && LegalValues.kind(setting.type().getType()) == kind);
      if (holds) {
        settings.stream()
            .filter(setting -> !setting.inline())
            .map(SettingInfo::key)
            .forEach(keys::add);
      }
    }
    return keys;
  }
}
