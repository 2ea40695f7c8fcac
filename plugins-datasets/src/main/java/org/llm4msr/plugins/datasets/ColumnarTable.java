package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** One table in files of Parquet or Arrow, whose columns have types. */
final class ColumnarTable implements TableInput {

  private final List<RowRules.Source> sources;
  private final String from;

  /** Whether a column has lists. */
  private final Map<String, Boolean> columns;

  private final Map<String, String> types = new HashMap<>();
  private final RowRules rules;

  private ColumnarTable(
      RawDatabase database,
      List<RowRules.Source> sources,
      String from,
      Map<String, Boolean> columns) {
    this.sources = sources;
    this.from = from;
    this.columns = columns;
    rules = new RowRules(database);
  }

  static ColumnarTable parquet(RawDatabase database, List<Path> files) {
    String from = parquetScan(files);
    Map<String, Boolean> columns = new LinkedHashMap<>();
    String described = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + from + ")";
    for (List<String> column : database.rows(described, files)) {
      columns.put(column.get(0), column.get(1).endsWith("]"));
    }
    List<RowRules.Source> sources =
        files.stream()
            .map(file -> new RowRules.Source(file, parquetScan(List.of(file)), List.of()))
            .toList();
    return new ColumnarTable(database, sources, from, columns);
  }

  static ColumnarTable arrow(RawDatabase database, List<Path> files) {
    List<RowRules.Source> sources = new ArrayList<>();
    for (Path file : files) {
      ArrowInput input = new ArrowFileInput(file, "arrow:" + file);
      sources.add(new RowRules.Source(file, Sql.name(input.name()), List.of(input)));
    }
    String from =
        sources.stream()
            .map(source -> "SELECT * FROM " + source.scan())
            .collect(joining(" UNION ALL ", "(", ")"));
    return new ColumnarTable(database, sources, from, arrowColumns(sources.get(0)));
  }

  private static Map<String, Boolean> arrowColumns(RowRules.Source source) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = source.arrow().get(0).open(allocator)) {
      for (Field field : reader.getVectorSchemaRoot().getSchema().getFields()) {
        columns.put(field.getName(), isList(field.getType()));
      }
    } catch (IOException | RuntimeException e) {
      throw RawErrors.of(e, List.of(source.file()));
    }
    return columns;
  }

  private static boolean isList(ArrowType type) {
    return type instanceof ArrowType.List
        || type instanceof ArrowType.LargeList
        || type instanceof ArrowType.FixedSizeList;
  }

  private static String parquetScan(List<Path> files) {
    return files.stream().map(Sql::path).collect(joining(", ", "read_parquet([", "])"));
  }

  @Override
  public List<Path> files() {
    return sources.stream().map(RowRules.Source::file).toList();
  }

  @Override
  public List<ArrowInput> arrowInputs() {
    return sources.stream().flatMap(source -> source.arrow().stream()).toList();
  }

  @Override
  public String value(String column, String type) {
    String name = value(column);
    types.put(column, type);
    rules.add(
        column,
        "(" + name + " IS NULL OR " + typed(column) + " IS NOT NULL)",
        RawErrors.typeName(type));
    return typed(column);
  }

  @Override
  public String value(String column) {
    if (!columns.containsKey(column)) {
      throw TableInput.missingColumn(
          files().get(0), List.of(column), List.copyOf(columns.keySet()));
    }
    return Sql.name(column);
  }

  @Override
  public String list(String column, String separator) {
    String name = value(column);
    return Boolean.TRUE.equals(columns.get(column))
        ? name
        : "string_split(CAST(" + name + " AS VARCHAR), " + Sql.literal(separator) + ")";
  }

  @Override
  public void requireThat(String column, String holds, String expected) {
    rules.add(column, holds.formatted(typed(column)), expected);
  }

  private String typed(String column) {
    return Optional.ofNullable(types.get(column))
        .map(type -> "TRY_CAST(" + Sql.name(column) + " AS " + type + ")")
        .orElse(Sql.name(column));
  }

  @Override
  public String scan() {
    return rules.scan(from);
  }

  @Override
  public List<SkippedRows> skipped() {
    String text =
        columns.keySet().stream()
            .map(name -> "coalesce(" + Sql.name(name) + "::VARCHAR, '')")
            .collect(joining(", ", "concat_ws(', ', ", ")"));
    return rules.isEmpty()
        ? List.of()
        : sources.stream().map(source -> rules.broken(source, 0, text)).toList();
  }

  @Override
  public Optional<String> brokenRule() {
    return rules.firstBroken(sources, "row");
  }
}
