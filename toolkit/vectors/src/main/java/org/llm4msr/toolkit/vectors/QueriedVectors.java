package org.llm4msr.toolkit.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.llm4msr.toolkit.database.SqlText.identifier;
import static org.llm4msr.toolkit.database.SqlText.literal;
import static org.llm4msr.toolkit.database.SqlText.path;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.toolkit.database.ArrowResult;
import org.llm4msr.toolkit.database.Database;

/**
 * Parquet, CSV and TSV, through DuckDB: a column of keys, and either a column of lists, a column of
 * lists as text ({@code [0.1, 0.2]} or as NumPy prints them), or one column per number.
 */
final class QueriedVectors extends VectorFile {

  /**
   * The name that DuckDB gives to an unnamed first column, with as many zeros as the number of
   * columns has digits; pandas writes its index as such a column.
   */
  private static final String UNNAMED = "column0+";

  private static final long MEMORY_BYTES = 1L << 30;
  private static final long ROWS_OF_A_BATCH = 2048;

  /** DuckDB's message about a row that it cannot read. */
  private static final Pattern ROW = Pattern.compile("CSV Error on Line: (\\d+)");

  private static final Pattern WIDTH =
      Pattern.compile("Expected Number of Columns: (\\d+) Found: (\\d+)");

  QueriedVectors(Path file, VectorSettings settings) {
    super(file, settings);
  }

  @Override
  void readRows(Path scratch, int threads, Rows rows) throws IOException {
    Path spill = scratch.resolve("vectors-spill");
    try (Database database = Database.open(MEMORY_BYTES, threads, spill)) {
      String query =
          isParquet()
              ? query(columns(database, parquet()), parquet())
              : csvQuery(database, scratch);
      try (BufferAllocator allocator = new RootAllocator();
          ArrowResult result = database.stream(query, allocator, ROWS_OF_A_BATCH)) {
        VectorSchemaRoot root = result.reader().getVectorSchemaRoot();
        ArrowVectors.read(this, result.reader(), root.getVector(0), root.getVector(1), rows);
      }
    } catch (SQLException e) {
      throw wrong(reason(String.valueOf(e.getMessage())), e);
    }
  }

  private static String reason(String message) {
    Matcher row = ROW.matcher(message);
    if (!row.find()) {
      return message;
    }
    long number = Long.parseLong(row.group(1)) - 1; // DuckDB counts the header.
    Matcher width = WIDTH.matcher(message);
    if (message.contains("unterminated quote")) {
      return "row %d cannot be told apart from the next: a quote does not end".formatted(number);
    }
    return width.find()
        ? "row %d has %s columns than the header, which has %s"
            .formatted(
                number,
                Integer.parseInt(width.group(2)) > Integer.parseInt(width.group(1))
                    ? "more"
                    : "fewer",
                width.group(1))
        : "row %d: %s"
            .formatted(
                number,
                message
                    .lines()
                    .skip(1)
                    .filter(line -> !line.startsWith("Original Line:"))
                    .findFirst()
                    .orElse(message));
  }

  /**
   * The columns are those of the first line: if DuckDB guesses them, rows of other widths can make
   * it take a later line for the header, or quotes for text.
   */
  private String csvQuery(Database database, Path scratch) throws SQLException, IOException {
    Path header = Files.createTempFile(scratch, "vectors-header", ".csv");
    try {
      Files.writeString(header, firstLine());
      Map<String, String> columns = columns(database, csv(header, ""));
      String typed =
          columns.keySet().stream()
              .map(name -> literal(name) + ": 'VARCHAR'")
              .collect(Collectors.joining(", ", ", auto_detect = false, columns = {", "}"));
      return query(columns, csv(file, typed));
    } finally {
      Files.delete(header);
    }
  }

  private String firstLine() throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(isZipped() ? new GZIPInputStream(bytes) : bytes, UTF_8))) {
      return Objects.requireNonNullElse(lines.readLine(), "") + "\n";
    }
  }

  /** Returns the types of the columns by name. */
  private static Map<String, String> columns(Database database, String table) throws SQLException {
    Map<String, String> columns = new LinkedHashMap<>();
    database.forEach(
        "DESCRIBE SELECT * FROM " + table, row -> columns.put(row.getString(1), row.getString(2)));
    return columns;
  }

  private String query(Map<String, String> columns, String table) {
    String key = settings.key();
    List<String> names = new ArrayList<>(columns.keySet());
    if (names.size() > 2 && names.get(0).matches(UNNAMED) && !names.get(0).equals(key)) {
      names.remove(0);
    }
    String keys = key == null ? names.get(0) : named(key, columns);
    names.remove(keys);
    if (settings.vector() != null) {
      names = List.of(named(settings.vector(), columns));
    }
    List<String> lists = names.stream().filter(name -> isList(columns.get(name))).toList();
    if (lists.size() == 1) {
      names = lists;
    }
    if (names.isEmpty()) {
      throw wrong("it has only the column %s".formatted(keys));
    }
    String list =
        names.size() > 1
            ? names.stream()
                .map(name -> "CAST(" + identifier(name) + " AS FLOAT)")
                .collect(Collectors.joining(", ", "list_value(", ")"))
            : list(names.get(0), String.valueOf(columns.get(names.get(0))));
    return "SELECT CAST(%s AS VARCHAR), %s FROM %s".formatted(identifier(keys), list, table);
  }

  private static String list(String name, String type) {
    if (isList(type)) {
      return "CAST(" + identifier(name) + " AS FLOAT[])";
    }
    return type.equals("VARCHAR")
        ? "CAST(regexp_extract_all(%s, '[^\\s,\\[\\]()]+') AS FLOAT[])".formatted(identifier(name))
        : "list_value(CAST(" + identifier(name) + " AS FLOAT))";
  }

  private static boolean isList(@Nullable String type) {
    return type != null && type.endsWith("]");
  }

  private String named(String name, Map<String, String> columns) {
    if (!columns.containsKey(name)) {
      throw wrong(
          "it has no column %s, its columns are %s"
              .formatted(name, columns.keySet().stream().limit(20).toList()));
    }
    return name;
  }

  private String fileName() {
    return file.getFileName().toString().toLowerCase(Locale.ROOT);
  }

  /** DuckDB itself knows the end of a name in small letters alone. */
  private boolean isZipped() {
    return fileName().endsWith(".gz");
  }

  private boolean isParquet() {
    return fileName().endsWith(".parquet");
  }

  private String parquet() {
    return "read_parquet(" + path(file) + ", hive_partitioning=false)";
  }

  /** Reads all columns of CSV as text, so that no key loses its zeros. */
  private String csv(Path from, String options) {
    return "read_csv(%s, delim = '%s', quote = '\"', escape = '\"', header = true, all_varchar = true, hive_partitioning = false, max_line_size = 16777216, compression = '%s'%s)"
        .formatted(
            path(from),
            fileName().contains(".tsv") ? "\t" : ",",
            from.equals(file) && isZipped() ? "gzip" : "none",
            options);
  }
}
