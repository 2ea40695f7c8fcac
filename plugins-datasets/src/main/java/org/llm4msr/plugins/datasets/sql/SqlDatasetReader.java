package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.toolkit.database.SqlText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reader whose tables are queries over raw files. */
public final class SqlDatasetReader implements DatasetReader {

  private static final Logger LOG = LoggerFactory.getLogger(SqlDatasetReader.class);

  /** The maximum number of rows with the same users or items that are examined. */
  private static final int MOST_ROWS = 100_000;

  private final RawDatabase database;
  private final RawSchema schema;
  private final List<RawScenario> scenarios;
  private final List<Path> sources;
  private final Map<RawTable, String> queries;
  private final List<? extends TableInput> tables;

  /** Queries for the number of rows that the format's rules leave out, by reason. */
  private final Map<String, String> leftOut = new LinkedHashMap<>();

  private final Map<RawTable, List<Described>> described = new EnumMap<>(RawTable.class);

  private final List<JsonLines> jsonLines = new ArrayList<>();

  private final List<Lookup> lookups = new ArrayList<>();
  private final List<LogFile> log = new ArrayList<>();
  private @Nullable String past;
  private boolean opened;

  private record Described(TableInput input, String column, String key) {

    /** Returns queries for the rows of these keys, which show the key as the column's value. */
    List<String> rows(List<String> keys) {
      String text = "(" + key + ")::VARCHAR";
      String among =
          keys.stream().map(SqlText::literal).collect(joining(", ", text + " IN (", ")"));
      return input.fileScans().stream()
          .map(file -> file.where(among + " AND " + input.rules.kept(), text))
          .toList();
    }
  }

  /**
   * Makes a reader of tables, which then owns the database.
   *
   * @param tables the tables that the queries read
   */
  public SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<? extends TableInput> tables,
      Map<RawTable, String> queries) {
    this(
        database,
        schema,
        scenarios,
        tables.stream().flatMap(table -> table.files().stream()).distinct().toList(),
        tables,
        queries);
  }

  /**
   * Makes a reader of tables and of other files, which then owns the database.
   *
   * @param sources all files
   */
  public SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<Path> sources,
      List<? extends TableInput> tables,
      Map<RawTable, String> queries) {
    this.database = database;
    this.schema = schema;
    this.scenarios = List.copyOf(scenarios);
    this.sources = List.copyOf(sources);
    this.tables = List.copyOf(tables);
    this.queries = Map.copyOf(queries);
  }

  /**
   * Adds rows that the queries leave out, to report them.
   *
   * @param count a query for their number
   */
  public SqlDatasetReader leavingOut(String reason, String count) {
    leftOut.put(reason, count);
    return this;
  }

  /**
   * States which rows of a table's files describe a user or an item.
   *
   * @param column the column of the key
   * @param key the key as it is emitted, in SQL
   */
  public SqlDatasetReader describing(RawTable table, TableInput input, String column, String key) {
    described
        .computeIfAbsent(table, of -> new ArrayList<>())
        .add(new Described(input, column, key));
    return this;
  }

  /** Lets queries look up values of users or items. */
  public SqlDatasetReader lookingUp(List<Lookup> values) {
    lookups.addAll(values);
    return this;
  }

  /**
   * Adds what users had chosen before the log begins.
   *
   * @param query for user, item and scenario, each user's oldest first
   */
  public SqlDatasetReader knowingPast(String query) {
    past = query;
    return this;
  }

  /** Adds the malformed lines of these files, to report them if they are skipped. */
  public SqlDatasetReader skipping(List<JsonLines> files) {
    jsonLines.addAll(files);
    return this;
  }

  /** States the files of the interactions, in their order, each of which can be read by itself. */
  public SqlDatasetReader logging(List<LogFile> files) {
    log.addAll(files);
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
  public List<LogFile> logFiles() {
    return List.copyOf(log);
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
    String query = queries.get(table);
    if (query == null) {
      throw new IllegalArgumentException("the schema has no table " + table);
    }
    if (!opened) {
      opened = true;
      warnOfRealNumbers();
      lookups.forEach(this::create);
    }
    return database.open(query, allocator, cause -> error(query, cause));
  }

  @Override
  public Optional<ArrowReader> openPast(BufferAllocator allocator) throws IOException {
    String query = past;
    return query == null
        ? Optional.empty()
        : Optional.of(database.open(query, allocator, cause -> error(query, cause)));
  }

  private void warnOfRealNumbers() {
    for (TableInput table : tables) {
      for (String column : table.madeReal()) {
        LOG.warn(
            "{}: whole numbers that a program made real, as pandas does if a cell is empty. They are read as texts, so that '5.0' is not '5'. Write whole numbers, in pandas after astype('Int64').",
            column);
      }
    }
  }

  private void create(Lookup lookup) {
    try {
      database.run(lookup.creation(), sources);
    } catch (MsrException e) {
      throw error(lookup.query(), e);
    }
    if (!database.skipsMalformed()) {
      for (String key : database.strings(lookup.ambiguous() + " LIMIT 1", sources)) {
        throw lookup.refusal(
            key, rowsOf(lookup.table(), List.of(key)).getOrDefault(key, List.of()));
      }
    }
  }

  /** Names the first malformed row, if there is one: threads may have come upon a later one. */
  private MsrException error(String query, Exception cause) {
    MsrException failure = QueryErrors.of(cause, sources);
    if (failure.type() == ErrorType.RESOURCES) {
      return failure;
    }
    return tables.stream()
        .filter(table -> table.isReadBy(query))
        .flatMap(table -> table.rules.firstBroken(table.fileScans()).stream())
        .findFirst()
        .map(broken -> QueryErrors.malformed(broken.message(), broken.advice(), cause))
        .orElse(failure);
  }

  @Override
  public List<LeftOutRows> leftOut() {
    List<LeftOutRows> result = new ArrayList<>();
    for (Lookup lookup : lookups) {
      long rows = Long.parseLong(database.strings(lookup.others(), sources).get(0));
      if (rows > 0) {
        result.add(new LeftOutRows(lookup.leftOut(), rows, false, List.of()));
      }
    }
    leftOut.forEach(
        (reason, count) -> {
          long rows = Long.parseLong(database.strings(count, sources).get(0));
          if (rows > 0) {
            result.add(new LeftOutRows(reason, rows, false, List.of()));
          }
        });
    if (database.skipsMalformed()) {
      Stream<String> lines = jsonLines.stream().map(JsonLines::skipped);
      reported()
          .unreadable("malformed rows", Stream.concat(lines, rows(RowRules::broken)).toList())
          .ifPresent(result::add);
      reported()
          .unreadable(
              "descriptions in part: a value that cannot be read is missing",
              rows(RowRules::blanked).toList())
          .ifPresent(result::add);
    }
    tables.stream()
        .flatMap(table -> table.fileScans().stream())
        .filter(this::isEmpty)
        .forEach(file -> LOG.warn("{} holds no rows", file.file()));
    return result;
  }

  /** Returns queries for rows of all tables. */
  private Stream<String> rows(BiFunction<RowRules, List<FileScan>, List<String>> queries) {
    return tables.stream().flatMap(table -> queries.apply(table.rules, table.fileScans()).stream());
  }

  @Override
  public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
    Map<String, List<LeftOutRows.Example>> rows = new TreeMap<>();
    for (Described key : described.getOrDefault(table, List.of())) {
      for (LeftOutRows.Example row : reported().examples(key.rows(keys), MOST_ROWS)) {
        rows.computeIfAbsent(row.column(), of -> new ArrayList<>())
            .add(new LeftOutRows.Example(row.file(), row.line(), key.column(), row.text()));
      }
    }
    return rows;
  }

  private boolean isEmpty(FileScan file) {
    return database
        .rows("SELECT 1 FROM " + file.rows() + " LIMIT 1", List.of(file.file()))
        .isEmpty();
  }

  private ReportedRows reported() {
    return new ReportedRows(database, sources);
  }

  @Override
  public void close() {
    database.close();
  }
}
