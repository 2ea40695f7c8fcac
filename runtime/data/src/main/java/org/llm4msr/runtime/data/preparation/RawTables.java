package org.llm4msr.runtime.data.preparation;

import static org.llm4msr.toolkit.database.SqlText.identifier;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.database.WatchedReader;

/**
 * Takes what a reader emits into the tables {@code interactions} (u, i, s, y, t, p, g, w, labels
 * and field columns), {@code users} and {@code items} (k, text and field columns) and {@link #PAST}
 * (u, i and s), and refuses bad rows.
 */
final class RawTables {

  /** The table of what users had chosen before their first interaction, each one's oldest first. */
  static final String PAST = "past";

  private static final int MOST_SHOWN = 100;

  private final DatasetReader reader;
  private final RawSchema schema;
  private final LabelColumns labels;
  private final List<FieldPlan> fields;
  private final PreparationDatabase database;
  private final Progress progress;
  private final boolean skip;
  private final List<LeftOutRows> leftOut = new ArrayList<>();
  private long rowsRead;

  /**
   * Makes the tables.
   *
   * @param skip whether rows that contradict earlier ones are left out
   */
  RawTables(
      DatasetReader reader,
      RawSchema schema,
      List<FieldPlan> fields,
      PreparationDatabase database,
      boolean skip,
      Progress progress) {
    this.reader = reader;
    this.schema = schema;
    this.labels = new LabelColumns(schema);
    this.fields = fields;
    this.database = database;
    this.skip = skip;
    this.progress = progress;
  }

  /** Takes all tables, and returns the number of rows read. */
  long ingest() throws IOException {
    ingestLog();
    return ingestDescribed();
  }

  /** Takes the interactions, and returns the number of rows read. */
  long ingestLog() throws IOException {
    if (!schema.tables().contains(RawTable.INTERACTIONS)) {
      throw new MsrException(
          ErrorType.PLUGIN, "data/MISSING_TABLE", "The reader has no table INTERACTIONS.");
    }
    ingest(RawTable.INTERACTIONS);
    checkInteractions();
    checkSizes(RawTable.INTERACTIONS);
    return rowsRead;
  }

  /** Takes users, items and the past, and returns the number of rows read. */
  long ingestDescribed() throws IOException {
    for (RawTable table : List.of(RawTable.USERS, RawTable.ITEMS)) {
      if (schema.tables().contains(table)) {
        ingest(table);
      } else {
        database.execute("CREATE TABLE " + name(table) + "(k VARCHAR, text VARCHAR)");
      }
      checkSizes(table);
    }
    ingestPast();
    checkEntities(RawTable.USERS, RawSchema.USER);
    checkEntities(RawTable.ITEMS, RawSchema.ITEM);
    return rowsRead;
  }

  /** Returns the rows that contradict earlier ones. */
  List<LeftOutRows> leftOut() {
    return leftOut;
  }

  static String name(RawTable table) {
    return table.name().toLowerCase(Locale.ROOT);
  }

  private void ingest(RawTable table) throws IOException {
    ArrowReader opened = reader.open(table, database.allocator());
    try (WatchedReader source = new WatchedReader(opened, database.allocator(), this::count)) {
      Columns columns =
          new Columns(table.name(), source.getVectorSchemaRoot().getSchema().getFields());
      List<String> selected =
          table == RawTable.INTERACTIONS
              ? interactionColumns(columns)
              : entityColumns(columns, table == RawTable.USERS);
      for (FieldPlan plan : fields) {
        if (plan.field().table() == table && plan.home() == table && plan.hasColumn()) {
          selected.add(fieldColumn(columns, plan));
        }
      }
      ingest(
          source,
          "CREATE TABLE %s AS SELECT %s FROM source"
              .formatted(name(table), String.join(", ", selected)));
    }
  }

  private void ingestPast() throws IOException {
    Optional<ArrowReader> opened = reader.openPast(database.allocator());
    if (opened.isEmpty()) {
      database.execute("CREATE TABLE " + PAST + "(u VARCHAR, i VARCHAR, s VARCHAR)");
      return;
    }
    try (WatchedReader source = new WatchedReader(opened.get(), database.allocator(), rows -> {})) {
      Columns columns = new Columns(PAST, source.getVectorSchemaRoot().getSchema().getFields());
      ingest(
          source,
          "CREATE TABLE %s AS SELECT %s AS u, %s AS i, %s AS s FROM source"
              .formatted(
                  PAST,
                  columns.text(RawSchema.USER),
                  columns.text(RawSchema.ITEM),
                  columns.text(RawSchema.SCENARIO)));
    }
    String incomplete = "u IS NULL OR i IS NULL OR s IS NULL";
    refuse(database, PAST, incomplete, "a null user, item or scenario", "u", "NULL_ID");
  }

  private void ingest(WatchedReader source, String sql) throws IOException {
    try {
      database.ingest(source, sql);
    } catch (SQLException e) {
      Throwable failure = source.failure();
      if (failure instanceof IOException io) {
        throw io;
      }
      if (failure instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw database.failure(failure instanceof Exception other ? other : e);
    }
  }

  private void count(long rows) {
    rowsRead += rows;
    progress.update(rowsRead, -1);
  }

  private List<String> interactionColumns(Columns columns) {
    List<String> selected = new ArrayList<>();
    selected.add(columns.text(RawSchema.USER) + " AS u");
    selected.add(columns.text(RawSchema.ITEM) + " AS i");
    selected.add(columns.text(RawSchema.SCENARIO) + " AS s");
    String label = columns.text(RawSchema.LABEL);
    String number = "TRY_CAST(" + columns.scalar(RawSchema.LABEL) + " AS DOUBLE)";
    selected.add("coalesce(" + number + " = 1, false) AS y");
    selected.add(
        "CASE WHEN "
            + number
            + " IN (0, 1) THEN NULL ELSE coalesce("
            + label
            + ", 'null') END AS bad_label");
    selected.add(schema.time() ? columns.time() + " AS t" : "NULL::BIGINT AS t");
    selected.add(schema.split() ? columns.text(RawSchema.SPLIT) + " AS p" : "NULL::VARCHAR AS p");
    selected.add(
        schema.group()
            ? "nullif(" + columns.text(RawSchema.GROUP) + ", '') AS g"
            : "NULL::VARCHAR AS g");
    selected.add(
        schema.weight()
            ? "coalesce(" + columns.number(RawSchema.WEIGHT) + ", 1) AS w"
            : "1::DOUBLE AS w");
    selected.addAll(labels.selected(columns::scalar));
    return selected;
  }

  private List<String> entityColumns(Columns columns, boolean users) {
    List<String> parts = new ArrayList<>();
    for (String column : users ? schema.userText() : schema.itemText()) {
      String value = "nullif(trim(" + columns.words(column) + "), '')";
      // A number says nothing about a user without the name of its column; a title needs none.
      parts.add(users ? literal(column + ": ") + " || " + value : value);
    }
    List<String> selected = new ArrayList<>();
    selected.add(columns.text(users ? RawSchema.USER : RawSchema.ITEM) + " AS k");
    String joined = parts.isEmpty() ? "''" : "concat_ws('; ', " + String.join(", ", parts) + ")";
    selected.add(joined + " AS text");
    return selected;
  }

  private static String fieldColumn(Columns columns, FieldPlan plan) {
    String column = plan.field().column();
    FieldKind kind = plan.field().kind();
    boolean isNumber = kind instanceof FieldKind.Bucketed;
    String value =
        switch (FieldForm.of(kind)) {
          case ID -> isNumber ? columns.number(column) : columns.text(column);
          case IDS -> list(columns, plan);
          case NUMBER -> columns.number(column);
          case VECTOR -> columns.numbers(column);
        };
    return value + " AS " + plan.column();
  }

  private static String list(Columns columns, FieldPlan plan) {
    String list = columns.list(plan.field().column());
    String weights = plan.field().weights();
    return weights == null ? list : ListWeights.raw(list, columns.numbers(weights));
  }

  private void checkInteractions() {
    requireNone("u IS NULL", "null", "NULL_ID", "a null " + RawSchema.USER);
    requireNone("i IS NULL", "null", "NULL_ID", "a null " + RawSchema.ITEM);
    requireNone("s IS NULL", "null", "NULL_ID", "a null " + RawSchema.SCENARIO);
    requireNone("bad_label IS NOT NULL", "bad_label", "BAD_LABEL", "a label other than 0 and 1");
    // NaN is the largest number to DuckDB, and larger ones are infinite as float32.
    requireNone(
        "NOT (w >= 0 AND w < 3.4e38)",
        "w",
        "BAD_WEIGHT",
        "a weight that is negative or not finite");
    labels.requireValues(database);
  }

  private void requireNone(String condition, String example, String code, String problem) {
    refuse(database, "interactions", condition, problem, example, code);
  }

  private void checkSizes(RawTable table) {
    fields.stream().filter(plan -> plan.home() == table).forEach(this::checkSize);
  }

  /**
   * Refuses vectors of another length than the field's, and lists that their weights do not fit.
   */
  private void checkSize(FieldPlan plan) {
    if (plan.field().weights() != null) {
      ListWeights.refuse(database, plan);
    }
    if (!(plan.field().kind() instanceof FieldKind.Vector vector)) {
      return;
    }
    String wrong =
        "%s WHERE len(%s) <> %d".formatted(name(plan.home()), plan.column(), vector.size());
    long rows = database.queryLong("SELECT count(*) FROM " + wrong);
    if (rows > 0) {
      boolean interactions = plan.home() == RawTable.INTERACTIONS;
      String key = interactions ? "'user ' || u || ' and item ' || i" : "k";
      String first =
          "SELECT %s, len(%s) FROM %s ORDER BY rowid LIMIT 1".formatted(key, plan.column(), wrong);
      database.forEach(
          first,
          row -> {
            throw DataErrors.data(
                "VECTOR_SIZE",
                "Table %s has %d rows whose column '%s' does not have the %d numbers of the vector field '%s'; the row of %s has %d. Fix the raw data, or the size of the field."
                    .formatted(
                        name(plan.home()),
                        rows,
                        plan.field().column(),
                        vector.size(),
                        plan.field().name(),
                        interactions ? row.getString(1) : "'" + row.getString(1) + "'",
                        row.getLong(2)));
          });
    }
  }

  /** Refuses the rows of a table for which a condition holds, with their number and an example. */
  static void refuse(
      PreparationDatabase database,
      String table,
      String condition,
      String problem,
      String example,
      String code) {
    String sql =
        "SELECT count(*), coalesce(CAST(min("
            + example
            + ") AS VARCHAR), 'null') FROM "
            + table
            + " WHERE "
            + condition;
    long rows = database.queryLong(sql);
    if (rows > 0) {
      String value = database.query(sql, row -> row.getString(2)).get(0);
      throw DataErrors.data(
          code,
          "Table %s has %d rows with %s, for example '%s'. Fix the raw data, or the reader's settings."
              .formatted(table, rows, problem, value));
    }
  }

  private void checkEntities(RawTable table, String key) {
    String name = name(table);
    refuse(database, name, "k IS NULL", "a null " + key, "k", "NULL_ID");
    database.execute(
        "CREATE TABLE twice AS SELECT k FROM " + name + " GROUP BY k HAVING count(*) > 1");
    if (database.queryLong("SELECT count(*) FROM twice") > 0) {
      database.execute(
          "CREATE TABLE repeated AS SELECT k, n, content IS DISTINCT FROM first_value(content) OVER (PARTITION BY k ORDER BY n) AS other, row_number() OVER (PARTITION BY k ORDER BY n) AS place FROM (SELECT k, t.rowid AS n, t AS content FROM %s t WHERE k IN (FROM twice))"
              .formatted(name));
      requireSame(table, key);
      database.execute(
          "DELETE FROM " + name + " WHERE rowid IN (SELECT n FROM repeated WHERE place > 1)");
      database.execute("DROP TABLE repeated");
    }
    database.execute("DROP TABLE twice");
  }

  /** The same row twice does no harm; another one with its key is refused, or left out. */
  private void requireSame(RawTable table, String key) {
    List<String> keys =
        database.query(
            "SELECT k FROM repeated WHERE other GROUP BY k ORDER BY min(n) LIMIT " + MOST_SHOWN,
            row -> row.getString(1));
    if (keys.isEmpty()) {
      return;
    }
    if (skip) {
      leftOut.add(
          new LeftOutRows(
              "%s that were described differently before".formatted(name(table)),
              database.queryLong("SELECT count(*) FROM repeated WHERE other"),
              true,
              differingRows(table, keys)));
      return;
    }
    String locations =
        reader.rowsOf(table, keys.subList(0, 1)).values().stream()
            .flatMap(List::stream)
            .map(LeftOutReport::location)
            .collect(Collectors.joining("; "));
    throw DataErrors.data(
        "DUPLICATE_KEY",
        "Table %s describes the %s '%s' more than once, and differently%s. Fix the raw data, or set dataset.malformed.policy to skip, which keeps the first."
            .formatted(name(table), key, keys.get(0), locations.isEmpty() ? "" : ": " + locations));
  }

  /** Returns the rows that differ from the first of their key, as far as the reader tells them. */
  private List<LeftOutRows.Example> differingRows(RawTable table, List<String> keys) {
    Map<String, List<LeftOutRows.Example>> rows = reader.rowsOf(table, keys);
    List<LeftOutRows.Example> others = new ArrayList<>();
    for (String key : keys) {
      List<Boolean> other =
          database.query(
              "SELECT other FROM repeated WHERE k = " + literal(key) + " ORDER BY n",
              row -> row.getBoolean(1));
      List<LeftOutRows.Example> ofKey = rows.getOrDefault(key, List.of());
      for (int i = 0; ofKey.size() == other.size() && i < other.size(); i++) {
        if (other.get(i)) {
          others.add(ofKey.get(i));
        }
      }
    }
    return others.stream().limit(MOST_SHOWN).toList();
  }

  /** The columns of one raw table, as SQL of the right type. */
  private static final class Columns {
    private final String table;
    private final Map<String, Field> byName = new HashMap<>();

    Columns(String table, List<Field> columns) {
      this.table = table;
      Map<String, String> seen = new HashMap<>();
      for (Field column : columns) {
        String twin = seen.put(column.getName().toLowerCase(Locale.ROOT), column.getName());
        if (twin != null) {
          throw DataErrors.data(
              "DUPLICATE_COLUMN",
              "Table "
                  + table
                  + " has the columns '"
                  + twin
                  + "' and '"
                  + column.getName()
                  + "', which differ in case only. Rename one.");
        }
        byName.put(column.getName(), column);
      }
    }

    String text(String column) {
      return "CAST(" + scalar(column) + " AS VARCHAR)";
    }

    /** Returns one value or a list as words. */
    String words(String column) {
      return isList(field(column)) ? "array_to_string(" + list(column) + ", ', ')" : text(column);
    }

    String list(String column) {
      require(isList(field(column)), column, "a list");
      return "CAST(" + identifier(column) + " AS VARCHAR[])";
    }

    String numbers(String column) {
      Field field = field(column);
      boolean numbers = isList(field) && isNumber(field.getChildren().get(0).getType());
      require(numbers, column, "a list of numbers");
      return "CAST(" + identifier(column) + " AS DOUBLE[])";
    }

    private static boolean isNumber(ArrowType type) {
      return type instanceof ArrowType.Int
          || type instanceof ArrowType.FloatingPoint
          || type instanceof ArrowType.Decimal
          || type instanceof ArrowType.Bool;
    }

    String number(String column) {
      require(isNumber(field(column).getType()), column, "a number");
      return "CAST(" + identifier(column) + " AS DOUBLE)";
    }

    String time() {
      boolean whole = field(RawSchema.TIME).getType() instanceof ArrowType.Int;
      require(whole, RawSchema.TIME, "int64 (milliseconds since 1970)");
      return "CAST(" + identifier(RawSchema.TIME) + " AS BIGINT)";
    }

    String scalar(String column) {
      Field field = field(column);
      require(field.getDictionary() != null || !field.getType().isComplex(), column, "one value");
      return identifier(column);
    }

    private static boolean isList(Field field) {
      return field.getType() instanceof ArrowType.List
          || field.getType() instanceof ArrowType.LargeList
          || field.getType() instanceof ArrowType.FixedSizeList;
    }

    private Field field(String column) {
      Field field = byName.get(column);
      if (field == null) {
        throw DataErrors.data(
            "MISSING_COLUMN",
            "Table %s has no column '%s'; the reader emits %s."
                .formatted(table, column, byName.keySet().stream().sorted().toList()));
      }
      return field;
    }

    private void require(boolean condition, String column, String expected) {
      if (!condition) {
        throw DataErrors.data(
            "WRONG_TYPE",
            "Column '"
                + column
                + "' of table "
                + table
                + " has type "
                + field(column).getType()
                + "; expected "
                + expected
                + ".");
      }
    }
  }
}
