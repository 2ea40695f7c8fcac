package org.llm4msr.plugins.datasets.sql;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.ArrowFileInput;
import org.llm4msr.plugins.datasets.input.ArrowInput;
import org.llm4msr.toolkit.database.SqlText;

/** One table in Parquet or Arrow files, whose columns have types. */
public final class ColumnarTable extends TableInput {

  private static final String ONE = "one value per row";
  private static final int MOST_DIGITS = 38;
  private static final Pattern NESTED =
      Pattern.compile("(STRUCT|MAP|UNION)\\(.*|.*\\]", Pattern.DOTALL);
  private static final ArrowType HALF = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);

  /** The inputs of Arrow files; Parquet has none. */
  private final List<ArrowInput> inputs;

  /** The columns of the first file; the others have the same names. */
  private final Map<String, Column> columns;

  private final List<Map<String, Column>> everywhere;

  /**
   * A column.
   *
   * @param type in the terms of its format
   * @param real whether its values, or their elements, are real numbers
   */
  private record Column(String type, Shape shape, boolean real) {

    static Column ofSql(String type) {
      String element = type.replaceFirst("\\[\\d*\\]$", "");
      boolean isReal = element.equals("DOUBLE") || element.equals("FLOAT");
      Shape shape = shape(!element.equals(type), NESTED.matcher(element).matches());
      return new Column(type, shape, isReal);
    }

    static Column ofArrow(Field field) {
      boolean isList = isList(field.getType());
      ArrowType element = isList ? field.getChildren().get(0).getType() : field.getType();
      boolean isReal = element instanceof ArrowType.FloatingPoint;
      return new Column(field.getType().toString(), shape(isList, element.isComplex()), isReal);
    }

    private static Shape shape(boolean isList, boolean isNested) {
      return isNested ? Shape.NESTED : isList ? Shape.LIST : Shape.VALUE;
    }
  }

  private enum Shape {
    VALUE,
    LIST,
    NESTED
  }

  private ColumnarTable(
      RawDatabase database,
      List<Path> files,
      List<ArrowInput> inputs,
      List<Map<String, Column>> columns) {
    super(database, files);
    this.inputs = inputs;
    this.columns = columns.get(0);
    everywhere = List.copyOf(columns);
    for (int i = 1; i < columns.size(); i++) {
      if (!columns.get(i).keySet().equals(this.columns.keySet())) {
        throw differentColumns(
            files.get(i), columns.get(i).keySet(), files.get(0), this.columns.keySet());
      }
    }
  }

  public static ColumnarTable parquet(RawDatabase database, List<Path> files) {
    return new ColumnarTable(
        database,
        files,
        List.of(),
        files.stream().map(file -> parquetColumns(database, file)).toList());
  }

  private static String parquet(Path file) {
    return "read_parquet([" + SqlText.path(file) + "], hive_partitioning=false)";
  }

  /** DuckDB turns decimals with more digits into other numbers, also within lists. */
  private void requireDecimal(Path file, String column) {
    String parts =
        "SELECT name, coalesce(num_children, 0), coalesce(precision, 0) FROM parquet_schema(%s)"
            .formatted(SqlText.path(file));
    String whole = "";
    int left = 0; // Parts of the column that are still to come; the first is the file itself.
    for (List<String> part : database.rows(parts, List.of(file)).stream().skip(1).toList()) {
      whole = left == 0 ? part.get(0) : whole;
      left = Math.max(left - 1, 0) + Integer.parseInt(part.get(1));
      if (whole.equals(column) && Integer.parseInt(part.get(2)) > MOST_DIGITS) {
        throw unreadable(file, column, "decimal of " + part.get(2) + " digits", "float64");
      }
    }
  }

  private static Map<String, Column> parquetColumns(RawDatabase database, Path file) {
    Map<String, Column> columns = new LinkedHashMap<>();
    String described =
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + parquet(file) + ")";
    for (List<String> column : database.rows(described, List.of(file))) {
      columns.put(column.get(0), Column.ofSql(column.get(1)));
    }
    return columns;
  }

  public static ColumnarTable arrow(RawDatabase database, List<Path> files) {
    List<ArrowInput> inputs = new ArrayList<>();
    List<Map<String, Column>> columns = new ArrayList<>();
    for (Path file : files) {
      ArrowInput input = new ArrowFileInput(file);
      inputs.add(input);
      columns.add(arrowColumns(file, input));
    }
    return new ColumnarTable(database, files, inputs, columns);
  }

  private static Map<String, Column> arrowColumns(Path file, ArrowInput input) {
    Map<String, Column> columns = new LinkedHashMap<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = input.open(allocator)) {
      for (Field field : reader.getVectorSchemaRoot().getSchema().getFields()) {
        DictionaryEncoding encoding = field.getDictionary();
        Dictionary words = encoding == null ? null : reader.lookup(encoding.getId());
        requireName(file, field.getName());
        requireReadable(file, field, words == null ? field : words.getVector().getField());
        columns.put(field.getName(), Column.ofArrow(field));
      }
    } catch (IOException | RuntimeException e) {
      throw QueryErrors.of(e, List.of(file));
    }
    return columns;
  }

  /** Refuses a name that SQL cannot hold. */
  private static void requireName(Path file, String column) {
    if (column.indexOf('\0') >= 0) {
      throw new MsrException(
          ErrorType.DATA,
          "data/COLUMN_NAME",
          "%s: the name of the column '%s' has a zero character. Write the file again, with another name."
              .formatted(file, column.replace('\0', '?')));
    }
  }

  /** Refuses a column if DuckDB cannot read its values, or parts of them, from Arrow. */
  private static void requireReadable(Path file, Field column, Field part) {
    ArrowType type = part.getType();
    String other =
        switch (type.getTypeID()) {
          case Utf8View -> "Utf8";
          case BinaryView -> "Binary";
          case ListView, LargeListView, Map -> "List";
          case RunEndEncoded -> "the type of its values";
          default ->
              type.equals(HALF)
                  ? "float32"
                  : type instanceof ArrowType.Decimal decimal && decimal.getBitWidth() > 128
                      ? "float64"
                      : "";
        };
    if (!other.isEmpty()) {
      throw unreadable(file, column.getName(), type.toString(), other);
    }
    part.getChildren().forEach(child -> requireReadable(file, column, child));
  }

  private static MsrException unreadable(Path file, String column, String type, String other) {
    return new MsrException(
        ErrorType.DATA,
        "data/COLUMN_TYPE",
        "%s: column '%s' has the type %s, which is not read. Write it as %s, or leave it out."
            .formatted(file, column, type, other));
  }

  private static boolean isList(ArrowType type) {
    return type instanceof ArrowType.List
        || type instanceof ArrowType.LargeList
        || type instanceof ArrowType.FixedSizeList;
  }

  @Override
  String name(String column) {
    return checked(column, Shape.VALUE, ONE);
  }

  @Override
  String text(String column) {
    String name = name(column);
    boolean isReal = everywhere.stream().anyMatch(file -> requireNonNull(file.get(column)).real());
    return isReal ? SqlText.ofReal(name) : name;
  }

  /**
   * Refuses mixed types: large whole numbers would be rounded if those of another file are real.
   */
  @Override
  void requireTexts(String column) {
    name(column);
    Column first = requireNonNull(columns.get(column));
    for (int i = 1; i < everywhere.size(); i++) {
      Column other = requireNonNull(everywhere.get(i).get(column));
      if (first.real() != other.real()) {
        throw new MsrException(
            ErrorType.DATA,
            "data/COLUMN_TYPE",
            "%s: column '%s' has the type %s, and in %s it has %s, so that ids would become real numbers. Write it the same way in all files."
                .formatted(files().get(i), column, other.type(), files().get(0), first.type()));
      }
    }
  }

  @Override
  String cells(String column, String separator, List<String> missing) {
    String name = checked(column, Shape.LIST, "a list of values");
    Column found = requireNonNull(columns.get(column));
    if (found.shape() != Shape.LIST) {
      return Sql.split("CAST(" + value(column, missing) + " AS VARCHAR)", separator);
    }
    return name;
  }

  @Override
  boolean isList(String column) {
    Column found = columns.get(column);
    return found != null && found.shape() == Shape.LIST;
  }

  @Override
  String elements(String column, String list) {
    Column found = requireNonNull(columns.get(column));
    return found.real() && found.shape() == Shape.LIST
        ? "list_transform(%s, lambda part: %s)".formatted(list, SqlText.ofReal("part"))
        : list;
  }

  /** Numbers that were made real are read as whole ones. */
  @Override
  List<String> madeReal() {
    return List.of();
  }

  @Override
  public Collection<String> columns() {
    return columns.keySet();
  }

  /** Returns the name of a column in SQL, whose values have at most a shape. */
  private String checked(String column, Shape most, String expected) {
    Path first = files().get(0);
    Column found = columns.get(column);
    if (found == null) {
      throw missingColumn(first, List.of(column), List.copyOf(columns.keySet()), "");
    }
    if (found.shape().compareTo(most) > 0) {
      throw unreadable(first, column, found.type(), expected);
    }
    if (inputs.isEmpty()) {
      files().forEach(file -> requireDecimal(file, column));
    }
    return SqlText.identifier(column);
  }

  @Override
  Collection<String> readColumns() {
    return columns.keySet();
  }

  @Override
  String rows() {
    return IntStream.range(0, files().size())
        .mapToObj(i -> "SELECT * FROM " + rows(i))
        .collect(joining(" UNION ALL BY NAME ", "(", ")"));
  }

  private String rows(int file) {
    return inputs.isEmpty() ? parquet(files().get(file)) : database.input(inputs.get(file));
  }

  @Override
  List<FileScan> fileScans() {
    String row =
        columns.keySet().stream()
            .map(name -> "coalesce(" + SqlText.identifier(name) + "::VARCHAR, '')")
            .collect(joining(", ", "concat_ws(', ', ", ")"));
    return IntStream.range(0, files().size())
        .mapToObj(
            i ->
                new FileScan(
                    files().get(i),
                    "(SELECT *, row_number() OVER () AS %s FROM %s)"
                        .formatted(TableInput.LINE, rows(i)),
                    row,
                    "row"))
        .toList();
  }
}
