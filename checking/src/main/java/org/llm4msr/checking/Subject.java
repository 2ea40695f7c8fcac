package org.llm4msr.checking;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.PluginKind;

/**
 * A plugin that is checked, and its settings.
 *
 * @param settings as on the command line
 * @param config the same, bound
 * @param base the folder that paths in them are relative to
 * @param data the raw files of a reader; null if no configuration names them
 */
record Subject(
    PluginKind kind,
    String name,
    PluginFactory<?> factory,
    List<String> settings,
    Record config,
    Path base,
    @Nullable Path data) {

  /** Returns the plugin as a part of a configuration. */
  <F extends PluginFactory<Record>> PluginChoice<F, Record> choice() {
    return PluginChoice.of(name, factory, config);
  }
}
