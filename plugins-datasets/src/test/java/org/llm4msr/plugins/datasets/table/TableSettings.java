package org.llm4msr.plugins.datasets.table;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Records;
import org.llm4msr.plugins.datasets.table.TableConfig.Format;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** Settings of the reader {@code table}: its defaults, and what a test sets. */
public final class TableSettings {

  private static final TableConfig DEFAULTS =
      new TableConfig(
          List.of(),
          Map.of(),
          Format.AUTO,
          ",",
          "\"",
          "|",
          ".",
          List.of(),
          "user",
          "item",
          null,
          null,
          "label",
          null,
          null,
          null,
          TimeUnit.SECONDS,
          null,
          null,
          null,
          null,
          List.of(),
          null,
          null,
          Map.of(),
          List.of(),
          List.of(),
          List.of());

  private TableSettings() {}

  /**
   * Returns the settings of a log.
   *
   * @param set names of components, each with its value behind it
   */
  public static TableConfig of(String file, @Nullable Object... set) {
    return with(Records.with(DEFAULTS, "files", List.of(file)), set);
  }

  /** Returns the settings of a log whose users are in the column who, and items in what. */
  static TableConfig whoWhat(String file, @Nullable Object... set) {
    return with(of(file, "user", "who", "item", "what"), set);
  }

  /** Returns settings with other values of some components. */
  static TableConfig with(TableConfig config, @Nullable Object... set) {
    TableConfig changed = config;
    for (int i = 0; i < set.length; i += 2) {
      changed = Records.with(changed, String.valueOf(set[i]), set[i + 1]);
    }
    return changed;
  }
}
