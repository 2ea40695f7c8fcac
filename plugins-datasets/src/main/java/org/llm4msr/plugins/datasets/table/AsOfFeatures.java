package org.llm4msr.plugins.datasets.table;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.plugins.datasets.table.TableConfig.Features;
import org.llm4msr.toolkit.database.SqlText;

/**
 * Values that change with time, joined to interactions as of theirs: of the rows with the
 * interaction's key, the last that is not later. Of rows of one instant, the last in the files
 * counts. An interaction without such a row lacks the values.
 */
final class AsOfFeatures {

  /** More than a table has; integers of 128 bits hold its product with a time. */
  private static final long ROWS = 1L << 40;

  private static final String PLACE = SqlText.identifier("(place)");
  private static final String MOMENT = SqlText.identifier("(moment)");

  private final TableConfig config;
  private final TableSources sources;

  /** Refuses what cannot be joined. */
  AsOfFeatures(TableConfig config, TableSources sources) {
    this.config = config;
    this.sources = sources;
    Set<String> columns = new HashSet<>();
    for (int table = 0; table < config.features().size(); table++) {
      Features features = config.features().get(table);
      if (config.time() == null) {
        throw TableFormat.wrongUse(
            "The features of %s change with time, but the interactions have none: set time."
                .formatted(features.files()));
      }
      if (!features.on().isEmpty() && features.on().size() != features.key().size()) {
        throw TableFormat.wrongUse(
            "The features of %s have the key %s, but are joined on %s: name as many columns."
                .formatted(features.files(), features.key(), features.on()));
      }
      for (String column : features.columns()) {
        requireOwn(column, features, columns);
      }
    }
  }

  /** Refuses a column that is elsewhere, too: fields name it alone. */
  private void requireOwn(String column, Features features, Set<String> others) {
    if (!others.add(column)) {
      throw TableFormat.wrongUse(
          "The column %s is listed twice in features. Rename one, or leave it out."
              .formatted(column));
    }
    for (TableInput input : sources.interactions().values()) {
      if (input.columns().contains(column)) {
        throw TableFormat.wrongUse(
            "The column %s is in the features of %s and in %s. Rename one, or leave it out of features."
                .formatted(column, features.files(), input.files().get(0)));
      }
    }
  }

  /** Adds the keys of a row of interactions to its columns. */
  void addKeys(TableInput interactions, List<String> columns) {
    for (int table = 0; table < config.features().size(); table++) {
      Features features = config.features().get(table);
      List<String> names = keys(table, features);
      for (int part = 0; part < names.size(); part++) {
        String value = interactions.value(on(features).get(part), config.missingValues());
        columns.add("%s::VARCHAR AS %s".formatted(value, names.get(part)));
      }
    }
  }

  /** Returns what the values of a table describe: a user, an item, or the situation. */
  FieldRole role(Features features) {
    if (on(features).equals(List.of(config.user()))) {
      return FieldRole.USER;
    }
    return on(features).equals(List.of(config.item())) ? FieldRole.ITEM : FieldRole.CONTEXT;
  }

  /** Returns the columns of interactions on which a table is joined. */
  private static List<String> on(Features features) {
    return features.on().isEmpty() ? features.key() : features.on();
  }

  /**
   * Returns a query for interactions with the values, in their order: joins lose it.
   *
   * @param interactions a query with {@link #addKeys}
   * @param values the columns of a table that its rows add, in SQL
   */
  String join(String interactions, BiFunction<Features, TableInput, List<String>> values) {
    if (config.features().isEmpty()) {
      return interactions;
    }
    List<String> helpers = new ArrayList<>(List.of(PLACE));
    StringBuilder selected = new StringBuilder();
    StringBuilder joins = new StringBuilder();
    for (int table = 0; table < config.features().size(); table++) {
      Features features = config.features().get(table);
      List<String> keys = keys(table, features);
      helpers.addAll(keys);
      selected.append(", f%s.* EXCLUDE (%s, %s)".formatted(table, MOMENT, String.join(", ", keys)));
      joins.append(" ASOF LEFT JOIN (").append(rows(table, features, values));
      joins.append(") f").append(table).append(" ON ");
      for (String key : keys) {
        joins.append("r.%1$s = f%2$s.%1$s AND ".formatted(key, table));
      }
      joins.append("r.%s >= f%s.%s".formatted(MOMENT, table, MOMENT));
    }
    helpers.add(MOMENT);
    return "SELECT r.* EXCLUDE (%1$s)%2$s FROM (SELECT *, row_number() OVER () AS %3$s, %4$s AS %5$s FROM (%6$s)) r%7$s ORDER BY r.%3$s"
        .formatted(
            String.join(", ", helpers),
            selected,
            PLACE,
            moment(RawSchema.TIME, Long.toString(ROWS - 1)),
            MOMENT,
            interactions,
            joins);
  }

  /** Returns a query for the keys, moment and values of a table. */
  private String rows(
      int table, Features features, BiFunction<Features, TableInput, List<String>> values) {
    TableInput input = sources.features().get(table);
    List<String> missing = sources.missing(features);
    List<String> names = keys(table, features);
    List<String> columns = new ArrayList<>();
    for (int part = 0; part < names.size(); part++) {
      String value = input.present(features.key().get(part), missing);
      columns.add("%s::VARCHAR AS %s".formatted(value, names.get(part)));
    }
    String time = new TimeColumn(features.time(), unit(features), null).of(input, missing);
    columns.add("%s AS %s".formatted(moment(time, PLACE), MOMENT));
    columns.addAll(values.apply(features, input));
    return "SELECT %s FROM (SELECT *, row_number() OVER () AS %s FROM %s)"
        .formatted(String.join(", ", columns), PLACE, input.scan());
  }

  private TableConfig.TimeUnit unit(Features features) {
    return features.timeUnit() == null ? config.timeUnit() : features.timeUnit();
  }

  /** Returns a time that differs from row to row: the join takes any of equal ones. */
  private static String moment(String time, String place) {
    return "(%s)::HUGEINT * %s + %s".formatted(time, ROWS, place);
  }

  private static List<String> keys(int table, Features features) {
    return IntStream.range(0, features.key().size())
        .mapToObj(part -> SqlText.identifier("(key %s.%s)".formatted(table, part)))
        .toList();
  }
}
