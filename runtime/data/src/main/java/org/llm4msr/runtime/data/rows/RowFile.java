package org.llm4msr.runtime.data.rows;

import static org.llm4msr.toolkit.database.SqlText.identifier;
import static org.llm4msr.toolkit.database.SqlText.literal;
import static org.llm4msr.toolkit.database.SqlText.ofReal;
import static org.llm4msr.toolkit.database.SqlText.path;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.toolkit.arrow.ArrowRows;
import org.llm4msr.toolkit.database.SqlText;

/**
 * A file of raw rows (Arrow IPC, Parquet, or CSV with a header, possibly gzipped), read as a stream
 * in file order. Ids become text the way preparation makes them text.
 */
public final class RowFile implements AutoCloseable {

  private static final long MEMORY_BYTES = 1L << 30;
  private static final int MOST_SHOWN = 400;

  /** How many values more than the header's columns are counted, where rows are. */
  private static final int BEYOND = 64;

  private static final String FAULT = "fault of the row";

  /** No text of a file that is read as lines has it. */
  private static final String NOTHING = "\1";

  private final Path file;
  private final String dialect;
  private final String listSeparator;
  private final boolean marked;
  private final boolean arrow;
  private final String source;
  private final PreparationDatabase database;
  private final Map<String, Field> columns = new LinkedHashMap<>();
  private final Set<String> repeated = new HashSet<>();

  /** Opens a file; the values of CSV are separated by commas. */
  public RowFile(Path file, String listSeparator, Policy malformed, Path scratch) {
    this(file, ",", listSeparator, malformed, scratch);
  }

  /**
   * Opens a file; its name's end tells the format.
   *
   * @param delimiter what stands between the values of CSV
   * @param listSeparator what stands between the values of a list that is written as one text
   * @param malformed whether a row of CSV with too few or too many values is an error, or has a
   *     {@link RawRows#fault}
   * @param scratch an empty folder
   * @throws MsrException of type DATA where it does not read
   */
  public RowFile(
      Path file, String delimiter, String listSeparator, Policy malformed, Path scratch) {
    this.file = file;
    dialect = "delim=" + literal(delimiter) + ", quote='\"', escape='\"'";
    this.listSeparator = listSeparator;
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    arrow = name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
    boolean parquet = name.endsWith(".parquet");
    marked = malformed == Policy.SKIP && !arrow && !parquet;
    if (!Files.isRegularFile(file)) {
      throw DataErrors.user("MISSING_FILE", "There is no file " + file + ". Give an existing one.");
    }
    // One thread: the rows of a streamed result then come in the order of the file.
    database = new PreparationDatabase(scratch, MEMORY_BYTES, 1);
    try {
      source = arrow ? "source" : parquet ? parquet() : csv(scratch);
      export("SELECT * FROM " + source + " LIMIT 0", root -> note(root.getSchema().getFields()));
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private String parquet() {
    return "read_parquet(" + path(file.toAbsolutePath()) + ", hive_partitioning=false)";
  }

  /** Leaves nothing to guess: what DuckDB concludes from the first rows might lose others. */
  private String csv(Path scratch) {
    try {
      Path header = Files.writeString(scratch.resolve("header.csv"), header() + "\n");
      String select =
          "SELECT * FROM read_csv(%s, all_varchar=true, skip=0, comment='', hive_partitioning=false, %s, header="
              .formatted(path(header.toAbsolutePath()), dialect);
      database.query(select + "false)", RowFile::values).forEach(this::noteRepeated);
      List<String> names = database.query("DESCRIBE " + select + "true)", row -> row.getString(1));
      return marked ? markedTable(names) : table(names, dialect);
    } catch (IOException e) {
      throw bad(e);
    } catch (MsrException e) {
      throw ofFile(e);
    }
  }

  private String table(List<String> names, String dialect) {
    String columns =
        names.stream()
            .map(name -> literal(name) + ": 'VARCHAR'")
            .collect(Collectors.joining(", ", "{", "}"));
    return "read_csv(%s, auto_detect=false, header=true, hive_partitioning=false, columns=%s, %s)"
        .formatted(path(file.toAbsolutePath()), columns, dialect);
  }

  /** Refuses broken quotes and characters; rows of another width are none of them. */
  private void requireLines(List<String> names) {
    database.queryLong("SELECT count(*) FROM " + table(names, dialect + ", store_rejects=true"));
    String first =
        "SELECT concat('line ', line, ': ', rtrim(error_message, '.')) FROM reject_errors WHERE"
            + " error_type NOT IN ('MISSING COLUMNS', 'TOO MANY COLUMNS') ORDER BY line LIMIT 1";
    for (String fault : database.query(first, row -> row.getString(1))) {
      throw bad(new IOException(fault));
    }
  }

  /** Marks rows of another width: only values that are not there at all are read as NULL. */
  private String markedTable(List<String> names) {
    requireLines(names); // Padding would hide an open quote, and the rows after it.
    List<String> all = new ArrayList<>(names);
    for (int i = 0; i < BEYOND; i++) {
      all.add(FAULT + " " + i);
    }
    String values = all.stream().map(SqlText::identifier).collect(Collectors.joining(", "));
    String fault =
        "CASE WHEN %s IS NULL OR %s IS NOT NULL THEN concat(list_count([%s]), ' values, but the header names %d columns') END AS %s"
            .formatted(
                identifier(names.get(names.size() - 1)),
                identifier(all.get(names.size())),
                values,
                names.size(),
                identifier(FAULT));
    String read =
        names.stream()
            .map(name -> "nullif(%1$s, '') AS %1$s".formatted(identifier(name)))
            .collect(Collectors.joining(", "));
    String padded = dialect + ", null_padding=true, parallel=false, nullstr=" + literal(NOTHING);
    return "(SELECT %s, %s FROM %s)".formatted(read, fault, table(all, padded));
  }

  private static List<String> values(ResultSet row) throws SQLException {
    List<String> values = new ArrayList<>();
    for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
      values.add(String.valueOf(row.getString(i)));
    }
    return values;
  }

  private void noteRepeated(List<String> names) {
    Set<String> seen = new HashSet<>();
    names.stream().filter(name -> !seen.add(name)).forEach(repeated::add);
  }

  private String header() {
    String first =
        "SELECT line FROM read_csv(%s, auto_detect=false, header=false, hive_partitioning=false,"
            + " columns={'line': 'VARCHAR'}, delim='\u0001', quote='', escape='',"
            + " strict_mode=false) LIMIT 1";
    List<String> lines =
        database.query(first.formatted(path(file.toAbsolutePath())), row -> row.getString(1));
    if (lines.isEmpty() || lines.get(0) == null) {
      throw DataErrors.data(
          "BAD_ROWS", file + " has no header. Write the names of the columns into its first line.");
    }
    return lines.get(0);
  }

  private void note(List<Field> fields) {
    fields.stream()
        .filter(field -> !marked || !field.getName().equals(FAULT))
        .forEach(field -> columns.put(field.getName(), field));
  }

  /** Returns the names of the columns. */
  public Set<String> columns() {
    return columns.keySet();
  }

  /** Says by what else the header is separated, if it is one column; empty otherwise. */
  public String otherDelimiter() {
    String header = columns.size() == 1 ? columns.keySet().iterator().next() : "";
    return Stream.of(";", "\t", "|")
        .filter(header::contains)
        .findFirst()
        .map(
            found ->
                " Its columns are separated by '%s': name that as --delimiter."
                    .formatted(found.replace("\t", "\\t")))
        .orElse("");
  }

  /** Returns how many rows there are, or -1 where only reading all would tell. */
  public long rows() {
    if (!source.startsWith("read_parquet")) {
      return -1;
    }
    return database.queryLong("SELECT count(*) FROM " + source);
  }

  /** Takes batches of rows. */
  @FunctionalInterface
  public interface Consumer {
    /** Reads one batch, which is valid until the return. */
    void accept(RawRows rows);
  }

  /**
   * Reads columns of all rows but the first {@code skip}.
   *
   * @param wanted those that the file lacks are left out
   * @param kept columns that are passed on as texts, under the names that {@link #keptName} gives
   */
  public void forEach(List<ScoringColumn> wanted, List<String> kept, long skip, Consumer consumer) {
    List<String> selected = new ArrayList<>();
    for (ScoringColumn column : wanted) {
      Field field = columns.get(column.name());
      requireOnce(column.name());
      if (field != null) {
        selected.add(value(column, field) + " AS " + identifier(column.name()));
      }
    }
    for (String name : kept) {
      requireOnce(name);
      selected.add(
          "CAST(%s AS VARCHAR) AS %s".formatted(identifier(name), identifier(keptName(name))));
    }
    if (marked) {
      selected.add(identifier(FAULT));
    }
    String sql = "SELECT %s FROM %s OFFSET %s";
    export(
        sql.formatted(String.join(", ", selected), source, skip),
        root -> {
          if (root.getRowCount() > 0) {
            RawRows rows = RawRows.of(root);
            consumer.accept(marked ? new MarkedRows(rows) : rows);
          }
        });
  }

  /** Rows of which one column says what is wrong with them. */
  private record MarkedRows(RawRows rows) implements RawRows {

    @Override
    public int size() {
      return rows.size();
    }

    @Override
    public Set<String> columns() {
      return rows.columns();
    }

    @Override
    public boolean has(String column, int row) {
      return rows.has(column, row);
    }

    @Override
    public @Nullable Object get(String column, int row) {
      return rows.get(column, row);
    }

    @Override
    public @Nullable String fault(int row) {
      Object fault = rows.get(FAULT, row);
      return fault == null ? null : fault.toString();
    }
  }

  private void requireOnce(String column) {
    if (repeated.contains(column)) {
      throw DataErrors.data(
          "REPEATED_COLUMN",
          "%s names the column '%s' more than once. Rename one of them.".formatted(file, column));
    }
  }

  /** Returns the name under which a kept column stands beside the columns that the model reads. */
  public static String keptName(String name) {
    return "kept " + name;
  }

  private String value(ScoringColumn column, Field field) {
    String name = identifier(column.name());
    ArrowType type = field.getType();
    if ((column.isVector() || column.isWeights()) && isList(type)) {
      // Texts stay texts, so that an error names the row of one that is no number.
      boolean texts = field.getChildren().get(0).getType() instanceof ArrowType.Utf8;
      return "CAST(" + name + " AS " + (texts ? "VARCHAR[]" : "DOUBLE[]") + ")";
    }
    if (column.isList() || column.isHistory() || column.isWeights()) {
      String list = column.isList() ? texts(name, type, field) : name;
      return isList(type)
          ? list
          : "string_split(CAST(" + name + " AS VARCHAR), " + literal(listSeparator) + ")";
    }
    if (column.isTime() && type instanceof ArrowType.Timestamp) {
      return "epoch_ms(" + name + ")";
    }
    if (field.getDictionary() == null && type.isComplex()) {
      throw DataErrors.data(
          "WRONG_TYPE",
          "%s: column '%s' has type %s; expected one value per row."
              .formatted(file, column.name(), type));
    }
    if (type instanceof ArrowType.FloatingPoint && !column.isNumber()) {
      return ofReal(name);
    }
    boolean text = type instanceof ArrowType.Utf8 || !column.isNumber();
    return "CAST(" + name + " AS " + (text ? "VARCHAR" : "DOUBLE") + ")";
  }

  private static String texts(String name, ArrowType type, Field field) {
    return isList(type) && field.getChildren().get(0).getType() instanceof ArrowType.FloatingPoint
        ? "list_transform(" + name + ", lambda part: " + ofReal("part") + ")"
        : "CAST(" + name + " AS VARCHAR[])";
  }

  private static boolean isList(ArrowType type) {
    return type instanceof ArrowType.List
        || type instanceof ArrowType.LargeList
        || type instanceof ArrowType.FixedSizeList;
  }

  private void export(String sql, PreparationDatabase.BatchConsumer consumer) {
    try {
      if (!arrow) {
        database.export(sql, consumer);
        return;
      }
      try (ArrowReader reader = ArrowRows.open(file, database.allocator())) {
        database.export(reader, sql, consumer);
      }
    } catch (IOException e) {
      throw bad(e);
    } catch (MsrException e) {
      throw ofFile(e);
    }
  }

  /** A failure of the database is a fault of the file, since the database only reads it. */
  private MsrException ofFile(MsrException error) {
    return error.code().equals("data/DATABASE") && error.getCause() instanceof Exception cause
        ? bad(cause)
        : error;
  }

  private MsrException bad(Exception cause) {
    String why =
        String.valueOf(cause.getMessage())
            .lines()
            .map(String::strip)
            .takeWhile(line -> !line.startsWith("Possible ")) // Settings of DuckDB.
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("; "));
    return new MsrException(
        ErrorType.DATA,
        "data/BAD_ROWS",
        "%s cannot be read: %s. Fix the file, or write it again."
            .formatted(file, why.substring(0, Math.min(why.length(), MOST_SHOWN))),
        cause);
  }

  @Override
  public void close() {
    database.close();
  }
}
