package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.nodes.ListTable;
import org.llm4msr.runtime.data.nodes.RowNodes;
import org.llm4msr.runtime.data.nodes.RowNodes.PartQuery;
import org.llm4msr.runtime.data.nodes.RowNodes.WrittenPart;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.data.prepared.SplitFiles;

/**
 * The log on the nodes of a cluster. The database has its rows without their fields, and what nodes
 * counted of these: all that is ordered, drawn, numbered and learned is so as on one machine.
 */
final class DistantRows {

  private final RowNodes nodes;
  private final long partRows;
  private final PreparationDatabase database;
  private final Path scratch;
  private final LabelColumns labels;
  private final List<FieldPlan> fields;
  private final List<FieldPlan> own;
  private int queries;

  /**
   * Takes the log.
   *
   * @param scratch a folder for what nodes get
   * @throws org.llm4msr.api.MsrException {@code data/VECTORS_OF_LOG} for a field that nodes cannot
   *     prepare
   */
  DistantRows(
      RowNodes nodes,
      List<FieldPlan> fields,
      LabelColumns labels,
      PreparationDatabase database,
      Path scratch) {
    this.nodes = nodes;
    this.partRows = nodes.partRows();
    this.database = database;
    this.scratch = scratch;
    this.labels = labels;
    this.fields = fields;
    own = own(fields);
    for (FieldPlan plan : own) {
      if (plan.field().kind() instanceof FieldKind.Vector) {
        throw DataErrors.user(
            "VECTORS_OF_LOG",
            "The field '%s' has vectors of the log, which are prepared on one machine alone. Leave it out, give vectors by user or item, or run `llm4msr data prepare`."
                .formatted(plan.field().name()));
      }
    }
  }

  /** Returns the fields of the log itself. */
  static List<FieldPlan> own(List<FieldPlan> fields) {
    return fields.stream()
        .filter(plan -> plan.home() == RawTable.INTERACTIONS && plan.hasColumn())
        .toList();
  }

  /** Makes the table {@code interactions} without fields, and returns the number of its rows. */
  long read() throws IOException {
    Path folder = nodes.read();
    database.execute(
        "CREATE TABLE interactions(u VARCHAR, i VARCHAR, s VARCHAR, y BOOLEAN, bad_label VARCHAR, t BIGINT, p VARCHAR, g VARCHAR, w DOUBLE%s)"
            .formatted(labels.types()));
    if (isEmpty(folder)) {
      return 0;
    }
    database.execute(
        "INSERT INTO interactions SELECT u, i, s, y, NULL, t, p, g, w%s FROM %s"
            .formatted(labels.names(), parquet(folder)));
    return database.queryLong("SELECT count(*) FROM interactions");
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.noneMatch(file -> file.toString().endsWith(".parquet"));
    }
  }

  private static String parquet(Path folder) {
    return "read_parquet(%s, hive_partitioning = false)"
        .formatted(literal(folder.resolve("*.parquet").toString()));
  }

  /**
   * Brings the rows of the log into the order of {@code keyed}, and counts the values of the
   * training part.
   */
  void arrange(SplitCounts counts) {
    Path folder = scratch.resolve("ordered");
    database.execute(
        "COPY (SELECT h.n, h.r, h.user_index, h.item_index, h.scenario_rank, h.y, h.t, h.drawn, coalesce(g.rowid + 1, 0)::INTEGER AS g, h.w%s, %s AS part FROM keyed h LEFT JOIN groups g ON h.user_index = g.user_index AND h.g = g.g) TO %s (FORMAT parquet, PER_THREAD_OUTPUT)"
            .formatted(
                labels.names().replace(", ", ", h."), partOf(counts), literal(folder.toString())));
    nodes.arrange(folder);
    for (FieldPlan plan : own) {
      if (!(plan.field().kind() instanceof FieldKind.Hashed)) {
        count(plan, counts.train());
      }
    }
  }

  /** Returns the number of the part of the row {@code h}; no part has rows of two splits. */
  private String partOf(SplitCounts counts) {
    long validation = counts.train();
    long test = validation + counts.validation();
    long afterTrain = parts(counts.train());
    return "(CASE WHEN h.n < %1$d THEN h.n // %3$d WHEN h.n < %2$d THEN %4$d + (h.n - %1$d) // %3$d ELSE %5$d + (h.n - %2$d) // %3$d END)::INTEGER"
        .formatted(validation, test, partRows, afterTrain, afterTrain + parts(counts.validation()));
  }

  private long parts(long rows) {
    return (rows + partRows - 1) / partRows;
  }

  private void count(FieldPlan plan, long rows) {
    String value = plan.column();
    String read = "value";
    if (plan.field().kind() instanceof FieldKind.MultiCategorical) {
      value = "explode(" + plan.column() + (plan.isWeighted() ? ".text)" : ")");
      read = plan.isWeighted() ? "[{'text': value, 'weight': 1::DOUBLE}]" : "[value]";
    }
    Path counted = nodes.count(value, rows);
    database.execute(
        "CREATE TABLE %s AS SELECT %s AS %s, weight, logged FROM %s"
            .formatted(table(plan), read, plan.column(), parquet(counted)));
  }

  private static String table(FieldPlan plan) {
    return "counted_" + plan.index();
  }

  /**
   * Returns the values of a field in the training part, each with its {@code weight} and how often
   * it is {@code logged}, in SQL.
   */
  String values(FieldPlan plan) {
    return table(plan);
  }

  /**
   * Returns the combinations of ids that rows have, with their rows of training and how many are
   * logged, in SQL.
   */
  String combinations(String sql, String names, List<FieldEncoder> parts) {
    Path found = nodes.query(query(sql, List.of(), parts, 1));
    return "(SELECT %1$s, sum(count)::BIGINT AS count, sum(logged)::BIGINT AS logged FROM %2$s GROUP BY %1$s)"
        .formatted(names, parquet(found));
  }

  /** Has the rows written, and returns the files. */
  List<WrittenPart> write(
      String sql,
      List<String> columns,
      List<FieldEncoder> encoders,
      int batchRows,
      SplitCounts counts,
      Path folder) {
    Map<Integer, String> names = new HashMap<>();
    int part = 0;
    int empty = -1;
    for (Split split : Split.values()) {
      long parts = parts(counts.of(split));
      if (parts == 0) {
        names.put(empty--, SplitFiles.name(split));
      }
      for (int i = 0; i < parts; i++) {
        names.put(part++, SplitFiles.part(split, i));
      }
    }
    return nodes.write(query(sql, columns, encoders, batchRows), names, folder);
  }

  /** Makes a query of parts, and the database with what it reads. */
  private PartQuery query(
      String sql, List<String> columns, List<FieldEncoder> encoders, int batchRows) {
    Path snapshot = scratch.resolve("learned-" + queries++);
    try {
      Files.createDirectory(snapshot);
    } catch (IOException e) {
      throw DataErrors.io(snapshot, e);
    }
    List<ListTable> lists =
        encoders.stream()
            .filter(encoder -> encoder.plan().home() == RawTable.INTERACTIONS)
            .map(FieldEncoder::lists)
            .flatMap(Optional::stream)
            .toList();
    database.execute(
        "ATTACH " + literal(snapshot.resolve("learned.duckdb").toString()) + " AS learned");
    copy(RawTable.USERS);
    copy(RawTable.ITEMS);
    Set<String> tables = new LinkedHashSet<>();
    encoders.forEach(encoder -> encoder.table().ifPresent(tables::add));
    tables.forEach(
        table -> database.execute("CREATE TABLE learned.%1$s AS FROM %1$s".formatted(table)));
    database.execute("DETACH learned");
    return new PartQuery(snapshot, sql, columns, lists, batchRows);
  }

  /** Copies the encoded values of users or items, but for vectors, which rows do not have. */
  private void copy(RawTable table) {
    String vectors =
        fields.stream()
            .filter(plan -> plan.home() == table && plan.isVectorOfEntity())
            .map(FieldPlan::encoded)
            .collect(joining(", "));
    database.execute(
        "CREATE TABLE learned.%1$s AS SELECT *%2$s FROM %1$s"
            .formatted(
                EntityTables.encoded(table),
                vectors.isEmpty() ? "" : " EXCLUDE (" + vectors + ")"));
  }
}
