package org.llm4msr.endtoend;

import java.util.List;
import java.util.Locale;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.PluginDescription;
import org.llm4msr.runtime.config.loading.PluginDescription.Row;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.config.ServerConfig;

/**
 * The page that lists every key of an experiment, a server and the built-in plugins, from records.
 */
final class ReferencePage {

  private static final String INTRODUCTION =
      """
      # Configuration reference

      Generated from the records that the configuration is bound to; `llm4msr config schema` prints the
      same as a JSON Schema (`--of compare`, `--of tune` and `--of serve` those of their files), and `llm4msr plugins describe NAME` prints it for any plugin, including your
      own. Keys of a plugin are written next to its `name`.

      A key marked as operational decides only how the work is done; changing it does not require
      repeating any work.

      Relative paths, also those in a base that `extends` names, start at the folder of the file that the
      command names. `-Dkey.path=value` overrides a key, and `-Ddataset.fields[0].kind=numeric` a key of an
      element of a list in the file, counted from 0; the value is YAML.

      """;

  private final PluginRegistry plugins = PluginRegistry.load();
  private final ConfigLoader loader = ConfigLoader.standard(plugins);
  private final StringBuilder text = new StringBuilder(INTRODUCTION);

  static String text() {
    ReferencePage page = new ReferencePage();
    page.text.append("## Experiment\n\n");
    page.table(PluginDescription.rows(ExperimentConfig.class));
    page.text.append("\n## Server\n\nThe file of `llm4msr serve --config`.\n\n");
    page.table(PluginDescription.rows(ServerConfig.class));
    for (PluginKind kind : PluginKind.values()) {
      String title = kind.title();
      page.text.append(
          "\n## " + title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1) + "\n");
      page.plugins.plugins(kind).forEach(page::plugin);
    }
    return page.text.toString();
  }

  private void plugin(PluginDescriptor plugin) {
    PluginDescription description = PluginDescription.of(plugins, loader, plugin);
    text.append("\n### `").append(plugin.name()).append("`\n\n");
    text.append(plugin.description()).append('.');
    if (!plugin.source().isEmpty()) {
      text.append(" Published in ").append(plugin.source()).append('.');
    }
    text.append('\n');
    if (!description.capabilities().isEmpty()) {
      text.append("\nWith its defaults it ");
      text.append(String.join(", ", description.capabilities())).append(".\n");
    }
    if (!description.settings().isEmpty()) {
      text.append('\n');
      table(description.settings());
    }
  }

  private void table(List<Row> rows) {
    text.append("| key | default | allowed | meaning |\n|---|---|---|---|\n");
    rows(rows, "");
  }

  private void rows(List<Row> rows, String prefix) {
    for (Row row : rows) {
      String standard = row.defaultValue();
      String shown = standard != null ? "`" + standard + "`" : row.required() ? "required" : "";
      List<String> cells =
          List.of("`" + prefix + row.key() + "`", shown, row.legal(), row.meaning());
      text.append("| ");
      text.append(
          String.join(" | ", cells.stream().map(cell -> cell.replace("|", "\\|")).toList()));
      text.append(" |\n");
      rows(row.settings(), prefix + row.key() + ".");
    }
  }
}
