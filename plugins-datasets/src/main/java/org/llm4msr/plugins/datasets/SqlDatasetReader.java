package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/** A reader whose tables are queries over raw files. */
final class SqlDatasetReader implements DatasetReader {

  private final RawDatabase database;
  private final RawSchema schema;
  private final List<RawScenario> scenarios;
  private final List<Path> sources;
  private final List<CsvTable> csvTables;
  private final Map<RawTable, String> queries;

  /**
   * Makes a reader, which then owns the database.
   *
   * @param csvTables the tables in delimited files that the queries read
   */
  SqlDatasetReader(
      RawDatabase database,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<CsvTable> csvTables,
      Map<RawTable, String> queries) {
    this.database = database;
    this.schema = schema;
    this.scenarios = List.copyOf(scenarios);
    sources = csvTables.stream().flatMap(table -> table.files().stream()).toList();
    this.csvTables = List.copyOf(csvTables);
    this.queries = Map.copyOf(queries);
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
    return database.open(query, csvTables, sources, allocator);
  }

  @Override
  public void close() {
    database.close();
  }
}
