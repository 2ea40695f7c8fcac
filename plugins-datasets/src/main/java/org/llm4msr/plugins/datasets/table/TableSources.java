package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.sql.ColumnarTable;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.JsonTable;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.TableInput;

/** The files of the described tables, and the cells in them that have no value. */
final class TableSources {

  static final List<String> PARTS = List.of("train", "validation", "test");

  private final TableConfig config;
  private final Path folder;
  private final RawDatabase database;
  private final Dialect dialect;
  private final Map<String, TableInput> interactions = new LinkedHashMap<>();
  private final Map<RawTable, TableInput> entities = new EnumMap<>(RawTable.class);
  private final List<TableInput> features;
  private final List<TableInput> past;

  TableSources(TableConfig config, Path folder, RawDatabase database) {
    this.config = config;
    this.folder = folder;
    this.database = database;
    String delimiter = config.delimiter().replace("\\t", "\t");
    dialect = new Dialect(delimiter, config.quote(), true, UTF_8);
    if (config.files().isEmpty() == config.parts().isEmpty()) {
      throw TableFormat.wrongUse("Set either files or parts of the reader table.");
    }
    if (!config.files().isEmpty()) {
      interactions.put("", input(config.files()));
    }
    config.parts().forEach((part, files) -> interactions.put(requirePart(part), input(files)));
    open(RawTable.USERS, config.users());
    open(RawTable.ITEMS, config.items());
    features = config.features().stream().map(table -> input(table.files()).describing()).toList();
    past = config.past().isEmpty() ? List.of() : List.of(input(config.past()));
  }

  private void open(RawTable table, TableConfig.@Nullable Entities described) {
    if (described != null) {
      entities.put(table, input(described.files()).describing());
    }
  }

  /** Returns interactions by part; one entry with an empty key if the files are not divided. */
  Map<String, TableInput> interactions() {
    return interactions;
  }

  /** Returns the users and items that are described. */
  Map<RawTable, TableInput> entities() {
    return entities;
  }

  /** Returns the tables of values that change with time, as they are configured. */
  List<TableInput> features() {
    return features;
  }

  /** Returns the files of what users had chosen before, if there are any. */
  Optional<TableInput> past() {
    return past.stream().findFirst();
  }

  Stream<TableInput> all() {
    return Stream.of(interactions.values(), entities.values(), features, past)
        .flatMap(Collection::stream);
  }

  /** Returns the description of users or items, which exists. */
  TableConfig.Entities described(RawTable table) {
    return Objects.requireNonNull(table == RawTable.USERS ? config.users() : config.items());
  }

  /** Returns the files of users or items that are described. */
  TableInput of(RawTable table) {
    return Objects.requireNonNull(entities.get(table));
  }

  /** Returns the cells of a table that have no value. */
  List<String> missing(RawTable table) {
    return table == RawTable.INTERACTIONS
        ? config.missingValues()
        : joined(config.missingValues(), described(table).missingValues());
  }

  /** Returns the cells of a field's column that have no value. */
  List<String> missing(TableConfig.TableField field) {
    TableConfig.Features features = features(field);
    List<String> ofTable = features == null ? missing(field.table()) : missing(features);
    return joined(ofTable, field.missingValues());
  }

  /** Returns the values that change with time among which a field is; null for other fields. */
  TableConfig.@Nullable Features features(TableConfig.TableField field) {
    return config.features().stream()
        .filter(features -> field.table() == RawTable.INTERACTIONS && field.column() != null)
        .filter(features -> features.columns().contains(field.column()))
        .findFirst()
        .orElse(null);
  }

  /** Returns the files in which the column of a field is. */
  Collection<TableInput> inputs(TableConfig.TableField field) {
    TableConfig.Features features = features(field);
    if (features != null) {
      return List.of(this.features.get(config.features().indexOf(features)));
    }
    return field.table() == RawTable.INTERACTIONS
        ? interactions.values()
        : List.of(of(field.table()));
  }

  /** Returns the cells of a table of values that have no value. */
  List<String> missing(TableConfig.Features features) {
    return joined(config.missingValues(), features.missingValues());
  }

  static List<String> joined(List<String> some, List<String> others) {
    return Stream.concat(some.stream(), others.stream()).toList();
  }

  private TableInput input(List<String> names) {
    List<Path> files =
        names.stream().flatMap(name -> NamedFiles.of(folder, name).stream()).toList();
    if (files.isEmpty()) {
      throw TableFormat.wrongUse("A table, or a part of one, names no file.");
    }
    TableConfig.Format format = config.format().of(files.get(0).toString());
    for (Path file : files) {
      if (config.format().of(file.toString()) != format) {
        throw TableFormat.wrongUse(
            "%s and %s are of different formats, by their names; files of one table are of one. Name others, or set format."
                .formatted(files.get(0), file));
      }
    }
    return switch (format) {
      case PARQUET -> ColumnarTable.parquet(database, files);
      case ARROW -> ColumnarTable.arrow(database, files);
      case JSON -> JsonTable.open(database, files);
      default -> CsvTable.open(database, files, dialect).decimals(config.decimalSeparator());
    };
  }

  private static String requirePart(String part) {
    if (!PARTS.contains(part)) {
      throw TableFormat.wrongUse(
          "A part of the interactions is '" + part + "'; the keys of parts are " + PARTS + ".");
    }
    return part;
  }
}
