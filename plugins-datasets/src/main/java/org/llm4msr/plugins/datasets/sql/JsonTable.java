package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.LineRows;
import org.llm4msr.plugins.datasets.input.TextFile;
import org.llm4msr.plugins.datasets.input.TextInput;
import org.llm4msr.toolkit.database.SqlText;

/**
 * One table in files of JSON lines: an object is a row, its keys are columns. What a row lacks, and
 * an empty text, is missing. Values are texts, as in delimited files, but for arrays.
 */
public final class JsonTable extends TableInput {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FAULT = SqlText.identifier(TextInput.FAULT);
  private static final String TEXT = SqlText.identifier(LineRows.TEXT);

  /** The keys that the first rows have. */
  private final List<String> columns;

  private final Set<String> read = new LinkedHashSet<>();

  /** The columns whose values are taken as texts. */
  private final Set<String> texts = new LinkedHashSet<>();

  private JsonTable(RawDatabase database, List<Path> files, List<String> columns) {
    super(database, files);
    this.columns = columns;
    rules.refuse(FAULT);
  }

  /** Opens files; their columns are the keys of the first rows. */
  public static JsonTable open(RawDatabase database, List<Path> files) {
    Set<String> keys = new LinkedHashSet<>();
    for (Path file : files) {
      if (TextFile.firstLine(file).startsWith("[")) {
        throw noObjects(file);
      }
      String query =
          "SELECT unnest(CASE WHEN json_valid(t) THEN json_keys(t) END) FROM (SELECT %s AS t FROM %s LIMIT %d)"
              .formatted(TEXT, database.input(new LineRows(file)), RowRules.FIRST_ROWS);
      keys.addAll(database.strings(query, List.of(file)));
    }
    if (keys.isEmpty()) {
      throw noObjects(files.get(0));
    }
    return new JsonTable(database, files, List.copyOf(keys));
  }

  private static MsrException noObjects(Path file) {
    return new MsrException(
        ErrorType.DATA,
        "data/UNREADABLE",
        "%s begins without an object of JSON. Write one object in each line, and neither brackets nor commas around them."
            .formatted(file));
  }

  @Override
  public Collection<String> columns() {
    return columns;
  }

  @Override
  String name(String column) {
    if (!columns.contains(column)) {
      throw missingColumn(files().get(0), List.of(column), columns, "");
    }
    read.add(column);
    return SqlText.identifier(column);
  }

  @Override
  String text(String column) {
    return name(column);
  }

  @Override
  void requireTexts(String column) {
    texts.add(column);
  }

  @Override
  String cells(String column, String separator, List<String> missing) {
    String value = value(column, missing);
    return "CASE WHEN starts_with(%1$s, '[') AND json_valid(%1$s) THEN json_transform(%1$s, '[\"VARCHAR\"]') ELSE %2$s END"
        .formatted(value, Sql.split(value, separator));
  }

  /** A text that is none is divided, so that every column holds lists. */
  @Override
  boolean isList(String column) {
    return true;
  }

  @Override
  String elements(String column, String list) {
    return list;
  }

  @Override
  List<String> madeReal() {
    List<String> found = new ArrayList<>();
    for (Path file : texts.isEmpty() ? List.<Path>of() : files()) {
      found.addAll(madeReal(file, texts, "(" + rows(file, false) + ")"));
    }
    return found;
  }

  @Override
  Collection<String> readColumns() {
    return read;
  }

  @Override
  String rows() {
    return files().stream()
        .map(file -> rows(file, !database.skipsMalformed()))
        .collect(joining(" UNION ALL ", "(", ")"));
  }

  @Override
  List<FileScan> fileScans() {
    return files().stream()
        .map(file -> new FileScan(file, "(" + rows(file, false) + ")", TEXT, "line"))
        .toList();
  }

  /**
   * Returns the rows of a file, in SQL; blank lines are none.
   *
   * @param strict whether a line that is no object ends the query
   */
  private String rows(Path file, boolean strict) {
    String values =
        read.stream()
            .map(SqlText::identifier)
            .map(name -> ", nullif(o." + name + ", '') AS " + name)
            .collect(joining());
    String otherwise =
        strict ? Sql.rowError(FAULT, SqlText.literal(file.toString()), TableInput.LINE) : "NULL";
    return "SELECT %1$s, %2$s, %3$s%4$s FROM (SELECT *, json_transform(CASE WHEN %2$s IS NULL THEN %3$s ELSE %5$s END, %6$s) AS o FROM (SELECT %1$s, %7$s AS %2$s, %3$s FROM %8$s WHERE %3$s IS NOT NULL))"
        .formatted(
            TableInput.LINE,
            FAULT,
            TEXT,
            values,
            otherwise,
            SqlText.literal(structure()),
            fault(),
            database.input(new LineRows(file)));
  }

  /** Returns what is wrong with a line, in SQL. */
  private static String fault() {
    String other = "'the line is no object of JSON: ' || left(" + TEXT + ", 80) || '.'";
    return "CASE WHEN %1$s IS NOT NULL THEN %1$s WHEN NOT json_valid(%2$s) THEN %3$s WHEN json_type(%2$s) <> 'OBJECT' THEN %3$s END"
        .formatted(FAULT, TEXT, other);
  }

  private String structure() {
    try {
      return JSON.writeValueAsString(
          read.stream().collect(toMap(name -> name, name -> "VARCHAR", (a, b) -> a, TreeMap::new)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names that are no JSON", e);
    }
  }
}
