package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/** A reader whose tables are queries over raw files. */
final class SqlDatasetReader implements DatasetReader {

  private final RawDatabase database;
  private final RawSchema schema;
  private final List<RawScenario> scenarios;
  private final List<Path> sources;
  private final Map<RawTable, String> queries;
  private final List<CsvTable> csvTables;
  private final Map<RawTable, List<ArrowInput>> arrowInputs = new EnumMap<>(RawTable.class);

  /** Queries of how many rows the format's rules leave out, by reason. */
  private final Map<String, String> leftOut = new LinkedHashMap<>();

  private final List<JsonLines> jsonLines = new ArrayList<>();

  /** The compressed files that were read to their end. */
  private final Set<Path> checked = new HashSet<>();

  /**
   * Makes a reader of delimited files, which then owns the database.
   *
   * @param csvTables the tables that the queries read
   */
  SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<CsvTable> csvTables,
      Map<RawTable, String> queries) {
    this(
        database,
        schema,
        scenarios,
        csvTables.stream().flatMap(table -> table.files().stream()).toList(),
        csvTables,
        queries,
        Map.of());
  }

  /**
   * Makes a reader of delimited files and of others, which then owns the database.
   *
   * @param sources all files
   * @param arrowInputs what the query of a table reads beside them
   */
  SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<Path> sources,
      List<CsvTable> csvTables,
      Map<RawTable, String> queries,
      Map<RawTable, List<ArrowInput>> arrowInputs) {
    this.database = database;
    this.schema = schema;
    this.scenarios = List.copyOf(scenarios);
    this.sources = List.copyOf(sources);
    this.csvTables = List.copyOf(csvTables);
    this.queries = Map.copyOf(queries);
    this.arrowInputs.putAll(arrowInputs);
  }

  /** Makes a reader of files of any format, which then owns the database. */
  SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      Map<RawTable, String> queries,
      Map<RawTable, List<TableInput>> inputs) {
    this.database = database;
    this.schema = schema;
    this.scenarios = List.copyOf(scenarios);
    this.queries = Map.copyOf(queries);
    List<TableInput> all = inputs.values().stream().flatMap(List::stream).toList();
    csvTables = all.stream().flatMap(input -> input.csvTables().stream()).toList();
    sources = all.stream().flatMap(input -> input.files().stream()).distinct().toList();
    inputs.forEach(
        (table, of) ->
            arrowInputs.put(
                table, of.stream().flatMap(input -> input.arrowInputs().stream()).toList()));
  }

  /**
   * Tells of rows that the queries leave out.
   *
   * @param count a query of their number
   */
  SqlDatasetReader leavingOut(String reason, String count) {
    leftOut.put(reason, count);
    return this;
  }

  /** Tells of malformed lines of these files, where they are skipped. */
  SqlDatasetReader skipping(List<JsonLines> files) {
    jsonLines.addAll(files);
    return this;
  }

  @Override
  public RawSchema schema() {
    return schema;
  }

  @Override
  public List<RawScenario> scenarios() {
    return scenarios;
  }

  @Override
  public List<Path> sources() {
    return sources;
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
    String query = queries.get(table);
    if (query == null) {
      throw new IllegalArgumentException("the schema has no table " + table);
    }
    sources.stream().filter(checked::add).forEach(this::check);
    List<ArrowInput> arrow = arrowInputs.getOrDefault(table, List.of());
    return database.open(query, csvTables, sources, arrow, allocator);
  }

  private void check(Path file) {
    boolean text =
        csvTables.stream().anyMatch(table -> table.files().contains(file))
            || jsonLines.stream().anyMatch(lines -> lines.file().equals(file));
    if (text && database.skipsMalformed()) {
      TextFile.requireShortLines(file); // DuckDB would leave the others out uncounted.
    } else if (text) {
      TextFile.requireShortLastLine(file); // To its end, where it is compressed.
    } else if (TextFile.isCompressed(file)) {
      TextFile.requireWhole(file);
    }
  }

  @Override
  public List<LeftOutRows> leftOut() {
    List<LeftOutRows> result = new ArrayList<>();
    leftOut.forEach(
        (reason, count) -> {
          long rows = Long.parseLong(database.strings(count, sources).get(0));
          if (rows > 0) {
            result.add(new LeftOutRows(reason, rows, false, List.of()));
          }
        });
    database
        .malformed(
            Stream.concat(
                    jsonLines.stream().map(JsonLines::rejects),
                    csvTables.stream().flatMap(table -> table.rejects().stream()))
                .toList(),
            jsonLines.stream().flatMap(lines -> lines.arrowInput().stream()).toList(),
            sources)
        .ifPresent(result::add);
    return result;
  }

  @Override
  public void close() {
    database.close();
  }
}
