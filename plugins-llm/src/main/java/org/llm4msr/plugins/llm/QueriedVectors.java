package org.llm4msr.plugins.llm;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.EncoderContext;

/**
 * Parquet, CSV and TSV, through DuckDB: a column of keys, and a column of lists, of lists as text
 * ({@code [0.1, 0.2]} or as NumPy prints them), or a column a number.
 */
record QueriedVectors(Path file) implements VectorFile {

  /**
   * How DuckDB names a first column without a name, with as many zeros as the number of columns has
   * digits; pandas writes its index as such a column.
   */
  private static final String UNNAMED = "column0+";

  private static final long ROWS_OF_A_BATCH = 2048;

  @Override
  public List<Path> parts() {
    return List.of(file);
  }

  @Override
  public void read(@Nullable String key, @Nullable String vector, EncoderContext context, Rows rows)
      throws IOException {
    Properties settings = new Properties();
    settings.setProperty("jdbc_stream_results", "true");
    settings.setProperty("memory_limit", "1GiB");
    settings.setProperty("threads", Integer.toString(Math.max(1, context.threads())));
    settings.setProperty("temp_directory", context.scratch().resolve("vectors-spill").toString());
    try (DuckDBConnection connection =
            DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class);
        Statement statement = connection.createStatement()) {
      String query = query(columns(statement), key, vector);
      try (ResultSet result = statement.executeQuery(query);
          BufferAllocator allocator = new RootAllocator();
          ArrowReader batches =
              (ArrowReader)
                  result
                      .unwrap(DuckDBResultSet.class)
                      .arrowExportStream(allocator, ROWS_OF_A_BATCH)) {
        ArrowVectors.read(file, batches, null, null, rows);
      }
    } catch (SQLException e) {
      throw VectorFile.notReadable(file, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the types of the columns by name. */
  private Map<String, String> columns(Statement statement) throws SQLException {
    Map<String, String> columns = new LinkedHashMap<>();
    try (ResultSet rows = statement.executeQuery("DESCRIBE SELECT * FROM " + table())) {
      while (rows.next()) {
        columns.put(rows.getString(1), rows.getString(2));
      }
    }
    return columns;
  }

  private String query(Map<String, String> columns, @Nullable String key, @Nullable String vector) {
    List<String> names = new ArrayList<>(columns.keySet());
    if (names.size() > 2 && names.get(0).matches(UNNAMED) && !names.get(0).equals(key)) {
      names.remove(0);
    }
    String keys = key == null ? names.get(0) : named(key, columns);
    names.remove(keys);
    if (vector != null) {
      names = List.of(named(vector, columns));
    }
    List<String> lists = names.stream().filter(name -> isList(columns.get(name))).toList();
    if (lists.size() == 1) {
      names = lists;
    }
    if (names.isEmpty()) {
      throw VectorFile.notReadable(file, "it has the column %s alone".formatted(keys), null);
    }
    String list =
        names.size() > 1
            ? names.stream()
                .map(name -> "CAST(" + quoted(name) + " AS FLOAT)")
                .collect(Collectors.joining(", ", "list_value(", ")"))
            : list(names.get(0), String.valueOf(columns.get(names.get(0))));
    return "SELECT CAST(%s AS VARCHAR), %s FROM %s".formatted(quoted(keys), list, table());
  }

  private static String list(String name, String type) {
    if (isList(type)) {
      return "CAST(" + quoted(name) + " AS FLOAT[])";
    }
    return type.equals("VARCHAR")
        ? "CAST(regexp_extract_all(%s, '[^\\s,\\[\\]()]+') AS FLOAT[])".formatted(quoted(name))
        : "list_value(CAST(" + quoted(name) + " AS FLOAT))";
  }

  private static boolean isList(@Nullable String type) {
    return type != null && type.endsWith("]");
  }

  private String named(String name, Map<String, String> columns) {
    if (!columns.containsKey(name)) {
      throw VectorFile.notReadable(
          file,
          "it has no column %s, its columns are %s"
              .formatted(name, columns.keySet().stream().limit(20).toList()),
          null);
    }
    return name;
  }

  /** All columns of CSV as text, so that no key loses its zeros. */
  private String table() {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    // DuckDB reads patterns; the brackets make one that names this file alone.
    String path = "'" + file.toString().replaceAll("[\\[*?]", "[$0]").replace("'", "''") + "'";
    if (name.endsWith(".parquet")) {
      return "read_parquet(" + path + ")";
    }
    return "read_csv(%s, delim = '%s', header = true, all_varchar = true, max_line_size = 16777216)"
        .formatted(path, name.contains(".tsv") ? "\t" : ",");
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
