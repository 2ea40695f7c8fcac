package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reader whose tables are queries over raw files. */
final class SqlDatasetReader implements DatasetReader {

  private static final Logger LOG = LoggerFactory.getLogger(SqlDatasetReader.class);

  /** The maximum number of rows with the same users or items that are examined. */
  private static final int MOST_ROWS = 100_000;

  private final RawDatabase database;
  private final RawSchema schema;
  private final List<RawScenario> scenarios;
  private final List<Path> sources;
  private final Map<RawTable, String> queries;
  private final List<? extends TableInput> tables;
  private final Map<RawTable, List<ArrowInput>> arrowInputs = new EnumMap<>(RawTable.class);

  /** Queries for the number of rows that the format's rules leave out, by reason. */
  private final Map<String, String> leftOut = new LinkedHashMap<>();

  private final Map<RawTable, List<Described>> described = new EnumMap<>(RawTable.class);

  private final List<JsonLines> jsonLines = new ArrayList<>();

  private record Described(TableInput input, String column, String key) {

    /** Returns queries for the rows of these keys, which show the key as the column's value. */
    List<FoundRows> rows(List<String> keys) {
      String text = "(" + key + ")::VARCHAR";
      String among = keys.stream().map(Sql::literal).collect(joining(", ", text + " IN (", ")"));
      return input.tableFiles().stream()
          .map(file -> file.where(among + " AND " + input.kept(), text, input.rowText()))
          .toList();
    }
  }

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
   * @param arrowInputs the Arrow inputs that the query of a table reads beside them
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
    tables = List.copyOf(csvTables);
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
    tables = inputs.values().stream().flatMap(List::stream).toList();
    sources = tables.stream().flatMap(input -> input.files().stream()).distinct().toList();
    inputs.forEach(
        (table, of) ->
            arrowInputs.put(
                table, of.stream().flatMap(input -> input.arrowInputs().stream()).toList()));
  }

  /**
   * Adds rows that the queries leave out, to report them.
   *
   * @param count a query for their number
   */
  SqlDatasetReader leavingOut(String reason, String count) {
    leftOut.put(reason, count);
    return this;
  }

  /**
   * States which rows of a table's files describe a user or an item.
   *
   * @param column the column of the key
   * @param key the key as it is emitted, in SQL
   */
  SqlDatasetReader describing(RawTable table, TableInput input, String column, String key) {
    described
        .computeIfAbsent(table, of -> new ArrayList<>())
        .add(new Described(input, column, key));
    return this;
  }

  /** Adds the malformed lines of these files, to report them if they are skipped. */
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
    return database.open(query, arrow, allocator, this::error);
  }

  private MsrException error(Exception cause) {
    boolean broken = String.valueOf(cause.getMessage()).contains(RawErrors.BROKEN_RULE);
    return tables.stream()
        .filter(table -> broken)
        .flatMap(table -> table.brokenRule().stream())
        .findFirst()
        .map(told -> RawErrors.brokenRule(told, cause))
        .orElseGet(() -> RawErrors.of(database, cause, csvTables().toList(), sources));
  }

  private Stream<CsvTable> csvTables() {
    return tables.stream().filter(CsvTable.class::isInstance).map(CsvTable.class::cast);
  }

  /** Reads the file once if DuckDB would silently lose something. */
  private void check(Path file) {
    Optional<CsvTable> csv = csvTables().filter(table -> table.files().contains(file)).findFirst();
    Optional<JsonLines> json =
        jsonLines.stream().filter(lines -> lines.file().equals(file)).findFirst();
    if (database.skipsMalformed()) {
      csv.ifPresent(table -> table.mend(file));
      json.ifPresent(JsonLines::mend);
    } else if (csv.isPresent() || json.isPresent()) {
      TextFile.requireShortLastLine(file); // Read to its end if it is compressed.
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
    if (database.skipsMalformed()) {
      places()
          .malformed(
              Stream.concat(
                      jsonLines.stream().map(JsonLines::skipped),
                      tables.stream().flatMap(table -> table.skipped().stream()))
                  .toList())
          .ifPresent(result::add);
    }
    tables.stream()
        .flatMap(table -> table.tableFiles().stream())
        .filter(this::isEmpty)
        .forEach(file -> LOG.warn("{} holds no rows", file.file()));
    return result;
  }

  @Override
  public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
    Map<String, List<LeftOutRows.Example>> rows = new TreeMap<>();
    for (Described key : described.getOrDefault(table, List.of())) {
      for (LeftOutRows.Example row : places().examples(key.rows(keys), MOST_ROWS)) {
        rows.computeIfAbsent(row.column(), of -> new ArrayList<>())
            .add(new LeftOutRows.Example(row.file(), row.line(), key.column(), row.text()));
      }
    }
    return rows;
  }

  private boolean isEmpty(TableFile file) {
    String first = "SELECT 1 FROM " + file.scan() + " LIMIT 1";
    return database.rows(first, List.of(file.file()), file.arrow()).isEmpty();
  }

  private RowPlaces places() {
    List<TextRows> texts =
        Stream.concat(
                jsonLines.stream().flatMap(lines -> lines.rows().stream()),
                tables.stream()
                    .flatMap(table -> table.tableFiles().stream())
                    .flatMap(file -> file.text().stream()))
            .toList();
    return new RowPlaces(database, texts, sources);
  }

  @Override
  public void close() {
    database.close();
  }
}
