package org.llm4msr.runtime.plugins;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.TextTable;

/** Plugins that can be used, and what was found but cannot. */
public record PluginListing(List<PluginDescriptor> usable, List<BrokenPlugin> broken) {

  public PluginListing {
    usable = List.copyOf(usable);
    broken = List.copyOf(broken);
  }

  /** Lists the plugins of some kinds, and what may be of these; creates every factory. */
  public static PluginListing of(PluginRegistry plugins, List<PluginKind> kinds) {
    plugins.verify();
    return new PluginListing(
        kinds.stream().flatMap(kind -> plugins.plugins(kind).stream()).toList(),
        plugins.mayHold(kinds));
  }

  /** Returns a table, and below it the reasons why plugins cannot be used. */
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    for (PluginDescriptor plugin : usable) {
      rows.add(row("ok", plugin.kind(), plugin.name(), plugin.origin(), plugin.description()));
    }
    for (BrokenPlugin plugin : broken) {
      rows.add(
          row("broken", plugin.kind(), plugin.label(), plugin.origin(), plugin.error().code()));
    }
    List<String> headings = List.of("state", "kind", "name", "version", "jar", "description");
    StringBuilder text = new StringBuilder(TextTable.of(headings, rows));
    BrokenPlugin.reasons(broken).forEach(reason -> text.append('\n').append(reason).append('\n'));
    return text.toString();
  }

  private static List<String> row(
      String state, @Nullable PluginKind kind, String name, PluginOrigin origin, String text) {
    String shown = kind == null ? "-" : kind.key();
    return List.of(state, shown, name, origin.version(), origin.shortLocation(), text);
  }
}
