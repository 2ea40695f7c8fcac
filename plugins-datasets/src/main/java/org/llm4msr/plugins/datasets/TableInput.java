package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** One table in files of any of the formats. */
final class TableInput {

  private final List<Path> files;
  private final @Nullable CsvTable csv;
  private final List<ArrowInput> arrow;
  private final Map<String, Boolean> listColumns;

  private TableInput(
      List<Path> files,
      @Nullable CsvTable csv,
      List<ArrowInput> arrow,
      Map<String, Boolean> listColumns) {
    this.files = files;
    this.csv = csv;
    this.arrow = arrow;
    this.listColumns = listColumns;
  }

  /** Opens files of one table. */
  static TableInput open(
      RawDatabase database, List<Path> files, TableConfig.Format format, CsvTable.Dialect dialect) {
    return switch (format == TableConfig.Format.AUTO ? byName(files.get(0)) : format) {
      case PARQUET -> parquet(database, files);
      case ARROW -> arrow(files);
      default -> csv(CsvTable.open(database, files, dialect));
    };
  }

  private static TableInput csv(CsvTable table) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    table.columns().forEach(name -> columns.put(name, false));
    return new TableInput(table.files(), table, List.of(), columns);
  }

  private static TableInput parquet(RawDatabase database, List<Path> files) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    String described =
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + parquetScan(files) + ")";
    for (List<String> column : database.rows(described, files)) {
      columns.put(column.get(0), column.get(1).endsWith("]"));
    }
    return new TableInput(files, null, List.of(), columns);
  }

  private static TableInput arrow(List<Path> files) {
    List<ArrowInput> inputs = new ArrayList<>();
    for (Path file : files) {
      inputs.add(new ArrowFileInput(file, "arrow:" + file));
    }
    Map<String, Boolean> columns = new LinkedHashMap<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = inputs.get(0).open(allocator)) {
      for (Field field : reader.getVectorSchemaRoot().getSchema().getFields()) {
        columns.put(field.getName(), isList(field.getType()));
      }
    } catch (IOException | RuntimeException e) {
      throw RawErrors.of(e, List.of(files.get(0)));
    }
    return new TableInput(files, null, inputs, columns);
  }

  private static boolean isList(ArrowType type) {
    return type instanceof ArrowType.List
        || type instanceof ArrowType.LargeList
        || type instanceof ArrowType.FixedSizeList;
  }

  private static TableConfig.Format byName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return TableConfig.Format.PARQUET;
    }
    boolean arrow =
        name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
    return arrow ? TableConfig.Format.ARROW : TableConfig.Format.CSV;
  }

  List<Path> files() {
    return files;
  }

  /** Returns the table in delimited text, or nothing. */
  List<CsvTable> csvTables() {
    return csv == null ? List.of() : List.of(csv);
  }

  /** Returns the Arrow files that the query reads. */
  List<ArrowInput> arrowInputs() {
    return arrow;
  }

  /** Returns a column that must be there, as SQL of a type. */
  String value(String column, String type) {
    requireColumn(column);
    if (csv != null) {
      csv.type(type, column);
      return Sql.name(column);
    }
    return "CAST(" + Sql.name(column) + " AS " + type + ")";
  }

  /** Refuses rows of delimited text in which a condition on a column does not hold. */
  TableInput check(String column, String holds, String expected) {
    requireColumn(column);
    if (csv != null) {
      csv.check(column, holds.formatted(Sql.name(column)), expected);
    }
    return this;
  }

  /** Returns a column as it is; in delimited text it is text. */
  String value(String column) {
    requireColumn(column);
    return Sql.name(column);
  }

  /** Returns a column as a list. */
  String list(String column, String separator) {
    requireColumn(column);
    if (Boolean.TRUE.equals(listColumns.get(column))) {
      return Sql.name(column);
    }
    return "string_split(CAST("
        + Sql.name(column)
        + " AS VARCHAR), "
        + Sql.literal(separator)
        + ")";
  }

  /** Returns what the query reads from, once all columns are asked for. */
  String scan() {
    if (csv != null) {
      return csv.scan();
    }
    return arrow.isEmpty()
        ? parquetScan(files)
        : arrow.stream()
            .map(input -> "SELECT * FROM " + Sql.name(input.name()))
            .collect(joining(" UNION ALL ", "(", ")"));
  }

  private void requireColumn(String column) {
    if (!listColumns.containsKey(column)) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_COLUMN",
          files.get(0)
              + " has no column "
              + column
              + "; its columns are "
              + String.join(", ", listColumns.keySet())
              + ". Name an existing one in the configuration of the table.");
    }
  }

  private static String parquetScan(List<Path> files) {
    return files.stream().map(Sql::path).collect(joining(", ", "read_parquet([", "])"));
  }
}
