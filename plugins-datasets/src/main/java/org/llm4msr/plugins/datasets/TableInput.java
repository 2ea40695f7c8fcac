package org.llm4msr.plugins.datasets;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** One table in files of one format; its columns are requested before it is scanned. */
interface TableInput {

  /** Opens files of one table. */
  static TableInput open(
      RawDatabase database, List<Path> files, TableConfig.Format format, CsvTable.Dialect dialect) {
    return switch (format == TableConfig.Format.AUTO ? byName(files.get(0)) : format) {
      case PARQUET -> ColumnarTable.parquet(database, files);
      case ARROW -> ColumnarTable.arrow(database, files);
      default -> CsvTable.open(database, files, dialect);
    };
  }

  private static TableConfig.Format byName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return TableConfig.Format.PARQUET;
    }
    boolean arrow =
        name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
    return arrow ? TableConfig.Format.ARROW : TableConfig.Format.CSV;
  }

  /** Returns the error that a file has no column of these names. */
  static MsrException missingColumn(Path file, List<String> wanted, List<String> columns) {
    String hint =
        columns.stream()
            .filter(column -> wanted.stream().anyMatch(column::equalsIgnoreCase))
            .findFirst()
            .map(column -> " Capitals count: it has " + column + ".")
            .orElse("");
    return new MsrException(
        ErrorType.DATA,
        "data/MISSING_COLUMN",
        "%s has no column %s; its columns are %s.%s Check that the file is of the format that the reader expects, and the names of columns in the configuration."
            .formatted(file, String.join(" or ", wanted), String.join(", ", columns), hint));
  }

  /** Returns the error that two files of one table have different columns. */
  static MsrException differentColumns(
      Path file, Collection<String> own, Path first, Collection<String> columns) {
    return new MsrException(
        ErrorType.DATA,
        "data/DIFFERENT_COLUMNS",
        "%s has the columns %s, but %s has %s. Files of one table need the same columns."
            .formatted(file, own, first, columns));
  }

  List<Path> files();

  /** Returns the files with the SQL that reads each of them. */
  List<TableFile> tableFiles();

  /** Returns the Arrow files that the query reads. */
  List<ArrowInput> arrowInputs();

  /** Returns a row as text, in SQL; empty if the files themselves are text. */
  String rowText();

  /** Returns the condition on rows that are read, in SQL; it reads all columns that have a type. */
  String kept();

  /** Returns a required column, as SQL of a type. */
  String value(String column, String type);

  /** Returns a column as it is; in delimited text it is text. */
  String value(String column);

  /** Returns a column as a list. */
  String list(String column, String separator);

  /**
   * Refuses rows in which a condition does not hold.
   *
   * @param holds the condition in SQL; {@code %s} stands for the column
   * @param expected its requirement, in words
   */
  void requireThat(String column, String holds, String expected);

  /** Returns the source that the query reads from, once all columns have been requested. */
  String scan();

  /** Returns queries for the rows that are skipped because they break a rule. */
  List<FoundRows> skipped();

  /** Describes where a row first breaks a rule; empty if none does. */
  Optional<String> brokenRule();
}
