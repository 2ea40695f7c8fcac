package org.llm4msr.plugins.datasets.table;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.sql.Advice;
import org.llm4msr.plugins.datasets.sql.Lookup;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.toolkit.database.SqlText;

/** Scenario and label of interactions: in columns of their own, or of their users or items. */
final class ScenarioAndLabel {

  static final String ONE_SCENARIO = "all";

  private static final String SCENARIO = "scenario";
  private static final String LABEL = "label";

  private final TableConfig config;
  private final TableSources sources;
  private final @Nullable Lookup scenario;
  private final @Nullable Lookup label;

  /** Requests the columns of users and items; their own must have been requested before. */
  ScenarioAndLabel(TableConfig config, TableSources sources) {
    this.config = config;
    this.sources = sources;
    if (config.label().isEmpty() && config.positiveAbove() != null) {
      throw TableFormat.wrongUse(
          "All rows are positives if label is '', so there is no positiveAbove.");
    }
    String column = Objects.requireNonNullElse(config.scenario(), "");
    RawTable ofScenario = elsewhere(SCENARIO, column, config.scenarioTable());
    RawTable ofLabel = elsewhere(LABEL, config.label(), config.labelTable());
    scenario = ofScenario == null ? null : scenarioOf(ofScenario, column);
    label = ofLabel == null ? null : labelOf(ofLabel);
  }

  /** Returns the users or items that have a column; null if interactions do. */
  private @Nullable RawTable elsewhere(String setting, String column, @Nullable RawTable table) {
    if (table != null && column.isEmpty()) {
      throw TableFormat.wrongUse(
          "%sTable is %s, but there is no column %1$s.".formatted(setting, name(table)));
    }
    if (table == null || table == RawTable.INTERACTIONS) {
      return null;
    }
    if (!sources.entities().containsKey(table)) {
      throw TableFormat.wrongUse(
          "%sTable is %s, but the table %2$s is not described.".formatted(setting, name(table)));
    }
    return table;
  }

  private Lookup scenarioOf(RawTable table, String column) {
    String value = sources.of(table).value(column, sources.missing(table));
    return lookup(table, SCENARIO, column, "nullif(" + value + "::VARCHAR, '')");
  }

  /** A user or item without rows needs no label. */
  private Lookup labelOf(RawTable table) {
    TableInput input = sources.of(table);
    String column = config.label();
    Advice advice = ValueAdvice::ofLabel;
    String number = input.number(column, sources.missing(table), advice);
    if (config.positiveAbove() != null) {
      return lookup(table, LABEL, column, Sql.above(number, config.positiveAbove()));
    }
    String holds = "(%1$s IS NULL OR %1$s IN (0, 1))".formatted(number);
    input.mayHave(column, holds, SqlText.identifier(column), "0 or 1", advice);
    return lookup(table, LABEL, column, "CASE WHEN " + holds + " THEN " + number + " END");
  }

  private Lookup lookup(RawTable table, String what, String column, String value) {
    TableInput input = sources.of(table);
    String key = input.value(sources.described(table).key(), sources.missing(table));
    String query = "SELECT %s::VARCHAR, %s FROM %s".formatted(key, value, input.scan());
    return new Lookup(table, "(" + what + ")", what + " in column '" + column + "'", query);
  }

  /** Returns what rows look up. */
  List<Lookup> lookups() {
    return Stream.of(scenario, label).filter(Objects::nonNull).toList();
  }

  /** Returns what rows without a label look up. */
  List<Lookup> scenarioLookups() {
    return Stream.ofNullable(scenario).toList();
  }

  /** Says how the label is made. */
  String labelRule() {
    if (config.label().isEmpty()) {
      return "all rows are positives";
    }
    String column = label == null ? config.label() : name(label.table()) + "." + config.label();
    return config.positiveAbove() == null ? column : column + " > " + config.positiveAbove();
  }

  /** Returns the scenario of a row in SQL. */
  String scenario(TableInput input) {
    if (scenario != null) {
      return scenario.required();
    }
    if (config.scenario() == null) {
      return SqlText.literal(ONE_SCENARIO);
    }
    requireColumn(input, SCENARIO, config.scenario());
    return input.present(config.scenario(), config.missingValues());
  }

  /** Returns the label of a row in SQL. */
  String label(TableInput input) {
    if (label != null) {
      return label.required();
    }
    if (config.label().isEmpty()) {
      return "1";
    }
    requireColumn(input, LABEL, config.label());
    Advice advice = ValueAdvice::ofLabel;
    String number = input.number(config.label(), config.missingValues(), advice);
    if (config.positiveAbove() == null) {
      input.requireThat(config.label(), number + " IN (0, 1)", "0 or 1", advice);
      return number;
    }
    input.requireThat(config.label(), "isfinite(" + number + ")", "a number");
    return Sql.above(number, config.positiveAbove());
  }

  /** Refuses interactions without a column that may be elsewhere, or need not be. */
  private void requireColumn(TableInput input, String setting, String column) {
    if (input.columns().contains(column)) {
      return;
    }
    String problem =
        "%s has no column %s of the %s".formatted(input.files().get(0), column, setting);
    sources
        .entities()
        .forEach(
            (table, other) -> {
              if (other.columns().contains(column)) {
                throw TableFormat.wrongUse(
                    "%s, but the table %s has: set %sTable to %2$s."
                        .formatted(problem, name(table), setting));
              }
            });
    if (setting.equals(LABEL)) {
      throw TableFormat.wrongUse(
          "%s; its columns are %s. Name the right one, or, if all rows are positives, set label to '' and negatives.perPositive to how many to draw for each."
              .formatted(problem, String.join(", ", input.columns())));
    }
  }

  /**
   * Refuses rows whose user or item is not described, or lacks what they look up.
   *
   * @param keys users and items of the rows, in SQL
   */
  void require(TableInput input, Map<RawTable, String> keys) {
    for (Lookup lookup : lookups()) {
      boolean users = lookup.table() == RawTable.USERS;
      String column = users ? config.user() : config.item();
      String key = Objects.requireNonNull(keys.get(lookup.table()));
      String described =
          "%s of %s"
              .formatted(users ? "a user" : "an item", sources.described(lookup.table()).files());
      input.requireLater(column, lookup.describes(key), described);
      input.requireLater(column, lookup.hasValue(key), described + " with a " + lookup.value());
    }
  }

  private static String name(RawTable table) {
    return table.name().toLowerCase(Locale.ROOT);
  }
}
