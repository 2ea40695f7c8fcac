package org.llm4msr.runtime.data;

import static org.llm4msr.runtime.data.PreparationDatabase.identifier;
import static org.llm4msr.runtime.data.PreparationDatabase.literal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.support.ArrowRows;

/**
 * A file of raw rows (Arrow IPC, Parquet, or CSV with a header, possibly gzipped), read as a stream
 * in file order. Ids become text the way preparation makes them text.
 */
public final class RowFile implements AutoCloseable {

  private static final long MEMORY_BYTES = 1L << 30;

  private final Path file;
  private final String listSeparator;
  private final boolean arrow;
  private final String source;
  private final PreparationDatabase database;
  private final Map<String, Field> columns = new LinkedHashMap<>();

  /**
   * Opens a file; its name's end tells the format.
   *
   * @param listSeparator what stands between the values of a list that is written as one text
   * @param scratch an empty folder
   * @throws MsrException of type DATA where it does not read
   */
  public RowFile(Path file, String listSeparator, Path scratch) {
    this.file = file;
    this.listSeparator = listSeparator;
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    arrow = name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
    source = arrow ? "source" : scan(file, name.endsWith(".parquet"));
    if (!Files.isRegularFile(file)) {
      throw DataErrors.user("MISSING_FILE", "There is no file " + file + ". Name an existing one.");
    }
    // One thread: the rows of a streamed result then come in the order of the file.
    database = new PreparationDatabase(scratch, MEMORY_BYTES, 1);
    try {
      export("SELECT * FROM " + source + " LIMIT 0", root -> note(root.getSchema().getFields()));
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static String scan(Path file, boolean parquet) {
    String path = literal(file.toAbsolutePath().toString());
    return parquet
        ? "read_parquet(" + path + ")"
        : "read_csv(" + path + ", header=true, all_varchar=true)";
  }

  private void note(List<Field> fields) {
    fields.forEach(field -> columns.put(field.getName(), field));
  }

  /** Returns the names of the columns. */
  public Set<String> columns() {
    return columns.keySet();
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
   */
  public void forEach(List<ScoringColumn> wanted, long skip, Consumer consumer) {
    List<String> selected = new ArrayList<>();
    for (ScoringColumn column : wanted) {
      Field field = columns.get(column.name());
      if (field != null) {
        selected.add(value(column, field) + " AS " + identifier(column.name()));
      }
    }
    String sql = "SELECT %s FROM %s OFFSET %d";
    export(
        sql.formatted(String.join(", ", selected), source, skip),
        root -> {
          if (root.getRowCount() > 0) {
            consumer.accept(RawRows.of(root));
          }
        });
  }

  private String value(ScoringColumn column, Field field) {
    String name = identifier(column.name());
    ArrowType type = field.getType();
    if (column.isList()) {
      return isList(type)
          ? "CAST(" + name + " AS VARCHAR[])"
          : "string_split(CAST(" + name + " AS VARCHAR), " + literal(listSeparator) + ")";
    }
    if (field.getDictionary() == null && type.isComplex()) {
      throw DataErrors.data(
          "WRONG_TYPE",
          "%s: column '%s' has type %s; expected one value a row."
              .formatted(file, column.name(), type));
    }
    boolean text = type instanceof ArrowType.Utf8 || !column.isNumber();
    return "CAST(" + name + " AS " + (text ? "VARCHAR" : "DOUBLE") + ")";
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
      // The database fails on what the file holds: it does nothing but read it.
      throw e.code().equals("data/DATABASE") && e.getCause() instanceof SQLException cause
          ? bad(cause)
          : e;
    }
  }

  private MsrException bad(Exception cause) {
    String why = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    return new MsrException(
        ErrorType.DATA,
        "data/BAD_ROWS",
        "%s does not read: %s. Mend the file, or write it anew.".formatted(file, why),
        cause);
  }

  @Override
  public void close() {
    database.close();
  }
}
