package org.llm4msr.runtime.data.inspection;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Coverage;
import org.llm4msr.runtime.data.inspection.PreparedSummary.FieldSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Overlap;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Part;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioPart;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;

/**
 * One inspection. Rows pass through memory once, into a database that works out of core and gets no
 * fields; counts by id of a field are held in memory.
 */
final class PreparedInspection {

  /** The parts, by their number in the database. */
  private static final List<Split> PARTS = List.of(Split.values());

  private static final int TRAIN = 0;

  /** How many {@link #labels sums} labels are made of. */
  private static final int SUMS = 5;

  private final PreparedFolder data;
  private final DatasetManifest manifest;
  private final PreparationDatabase database;
  private final List<List<FieldCounts>> fields = new ArrayList<>(); // By part.

  private PreparedInspection(PreparedFolder data, PreparationDatabase database) {
    this.data = data;
    this.manifest = data.manifest();
    this.database = database;
  }

  static PreparedSummary run(InspectionRequest request, Progress progress) {
    try (PreparedFolder data = new PreparedFolder(request.prepared());
        PreparationDatabase database =
            new PreparationDatabase(request.scratch(), request.memoryBytes(), request.threads())) {
      PreparedInspection inspection = new PreparedInspection(data, database);
      inspection.readRows(progress);
      return inspection.summary(
          new LeakChecks(request.prepared(), data.manifest(), database).run(inspection.fields));
    }
  }

  /**
   * Makes the tables {@code rows}, and {@code met_u} and {@code met_i}: which users and items occur
   * in which scenario.
   */
  private void readRows(Progress progress) {
    database.execute(
        "CREATE TABLE rows(p TINYINT, u INTEGER, i INTEGER, s INTEGER, y TINYINT, t BIGINT, d"
            + " TINYINT, w FLOAT)");
    long[] done = new long[1];
    LongConsumer count =
        rows -> {
          done[0] += rows;
          progress.update(done[0], manifest.rows().total());
        };
    for (int part = 0; part < PARTS.size(); part++) {
      int p = part;
      List<FieldCounts> counts =
          manifest.fields().stream().map(field -> new FieldCounts(field, p == TRAIN)).toList();
      fields.add(counts);
      InspectedRows rows =
          new InspectedRows(
              data.reader(PARTS.get(p)), manifest, counts, count, database.allocator());
      Path file = data.reader(PARTS.get(p)).file().path();
      database.ingest(file, rows, "INSERT INTO rows SELECT " + p + ", * FROM source");
    }
    for (String who : List.of("u", "i")) {
      database.execute(
          "CREATE TABLE met_%1$s AS SELECT p, s, %1$s AS id, count(*) AS c FROM rows WHERE %1$s IS NOT NULL GROUP BY ALL"
              .formatted(who));
    }
  }

  private PreparedSummary summary(List<LeakCheck> checks) {
    return new PreparedSummary(
        manifest.name(),
        manifest.key(),
        manifest.splitRule(),
        manifest.labelRule(),
        manifest.users(),
        manifest.trainingUsers(),
        manifest.items(),
        parts(),
        scenarios(),
        new Overlap(overlap("u"), hasItems() ? overlap("i") : List.of()),
        IntStream.range(0, manifest.fields().size()).mapToObj(this::field).toList(),
        new LabelPeriods(database, manifest.scenarios().size(), tellsDrawn()).periods(),
        checks,
        LabelCounts.of(data));
  }

  private boolean hasItems() {
    return have(SplitColumns.ITEM);
  }

  private boolean tellsDrawn() {
    return have(SplitColumns.DRAWN);
  }

  private boolean have(String column) {
    return PARTS.stream().allMatch(split -> data.reader(split).file().has(column));
  }

  /**
   * Returns labels by their sums: rows, positives, drawn negatives, weights and weights of
   * positives.
   */
  private Labels labels(double... sums) {
    Labels labels =
        Labels.of((long) sums[0], (long) sums[1], tellsDrawn() ? (Long) (long) sums[2] : null);
    return have(SplitColumns.WEIGHT) ? labels.weighing(sums[3], sums[4]) : labels;
  }

  /** Labels and times of one part. */
  private record PartRows(Labels labels, @Nullable String from, @Nullable String to) {}

  private List<Part> parts() {
    PartRows[] rows = new PartRows[PARTS.size()];
    Arrays.fill(rows, new PartRows(labels(0, 0, 0, 0, 0), null, null));
    database.forEach(
        "SELECT p, count(*), sum(y)::BIGINT, sum(d)::BIGINT, sum(w), sum(w * y), min(t), max(t) FROM rows GROUP BY p",
        row ->
            rows[row.getInt(1)] =
                new PartRows(
                    labels(
                        row.getDouble(2),
                        row.getDouble(3),
                        row.getDouble(4),
                        row.getDouble(5),
                        row.getDouble(6)),
                    time(row, 7),
                    time(row, 8)));
    long[] newUsers = rowsOfNew("u");
    long[] newItems = rowsOfNew("i");
    List<Part> parts = new ArrayList<>();
    for (int p = 0; p < PARTS.size(); p++) {
      PartRows part = rows[p];
      Long ofNewItems = hasItems() ? newItems[p] : null;
      parts.add(
          new Part(PARTS.get(p).key(), part.labels, newUsers[p], ofNewItems, part.from, part.to));
    }
    return parts;
  }

  private static @Nullable String time(ResultSet row, int column) throws SQLException {
    long millis = row.getLong(column);
    return row.wasNull() ? null : Instant.ofEpochMilli(millis).toString();
  }

  /** Returns by part the rows of users or items without a training row. */
  private long[] rowsOfNew(String who) {
    long[] rows = new long[PARTS.size()];
    database.forEach(
        "SELECT p, sum(c)::BIGINT FROM met_%1$s m WHERE NOT EXISTS (SELECT 1 FROM met_%1$s k WHERE k.p = 0 AND k.id = m.id) GROUP BY p"
            .formatted(who),
        row -> rows[row.getInt(1)] = row.getLong(2));
    return rows;
  }

  private List<ScenarioSummary> scenarios() {
    int splits = PARTS.size();
    int scenarios = manifest.scenarios().size();
    double[][] sums = new double[scenarios * (splits + 1)][SUMS];
    database.forEach(
        "SELECT s, p, count(*), sum(y)::BIGINT, sum(d)::BIGINT, sum(w), sum(w * y) FROM rows GROUP BY s, p",
        row -> {
          for (int part : new int[] {row.getInt(2), splits}) {
            double[] cell = sums[row.getInt(1) * (splits + 1) + part];
            for (int sum = 0; sum < SUMS; sum++) {
              cell[sum] += row.getDouble(3 + sum);
            }
          }
        });
    long[] users = distinct("u", scenarios);
    long[] items = distinct("i", scenarios);
    List<ScenarioSummary> result = new ArrayList<>();
    for (int s = 0; s < scenarios; s++) {
      List<ScenarioPart> parts = new ArrayList<>();
      for (int p = 0; p <= splits; p++) {
        int cell = s * (splits + 1) + p;
        parts.add(
            new ScenarioPart(
                p == splits ? "all" : PARTS.get(p).key(),
                users[cell],
                hasItems() ? items[cell] : null,
                labels(sums[cell])));
      }
      PreparedScenario scenario = manifest.scenarios().get(s);
      result.add(
          new ScenarioSummary(
              scenario.key(), scenario.name(), parts.get(splits), parts.subList(0, splits)));
    }
    return result;
  }

  /**
   * Returns distinct users or items by scenario and part; after the parts, those of all together.
   */
  private long[] distinct(String who, int scenarios) {
    int splits = PARTS.size();
    long[] counts = new long[scenarios * (splits + 1)];
    database.forEach(
        "SELECT s, p, count(*) FROM met_%1$s GROUP BY s, p UNION ALL SELECT s, %2$s, count(*) FROM (SELECT DISTINCT s, id FROM met_%1$s) GROUP BY s"
            .formatted(who, splits),
        row -> counts[row.getInt(1) * (splits + 1) + row.getInt(2)] = row.getLong(3));
    return counts;
  }

  private List<List<Long>> overlap(String who) {
    long[][] shared = shared(database, "met_" + who, manifest.scenarios().size());
    return Arrays.stream(shared).map(row -> Arrays.stream(row).boxed().toList()).toList();
  }

  /**
   * Returns for each pair of scenarios how many ids both have.
   *
   * @param met a table or a query with scenarios {@code s} and ids {@code id}
   */
  static long[][] shared(PreparationDatabase database, String met, int scenarios) {
    long[][] shared = new long[scenarios][scenarios];
    database.forEach(
        "WITH seen AS (SELECT DISTINCT s, id FROM "
            + met
            + ") SELECT a.s, b.s, count(*) FROM seen a JOIN seen b ON a.id = b.id GROUP BY ALL",
        row -> shared[row.getInt(1)][row.getInt(2)] = row.getLong(3));
    return shared;
  }

  private FieldSummary field(int number) {
    PreparedField field = manifest.fields().get(number);
    FieldCounts training = fields.get(TRAIN).get(number);
    return new FieldSummary(
        field.name(),
        field.role(),
        FieldKinds.name(field.kind()),
        field.vocabularySize(),
        IntStream.range(1, field.vocabularySize())
            .filter(id -> training.occurrences(id) > 0)
            .count(),
        field.mean(),
        field.deviation(),
        PARTS.stream()
            .map(split -> coverage(split, field, fields.get(PARTS.indexOf(split)).get(number)))
            .toList());
  }

  private static Coverage coverage(Split split, PreparedField field, FieldCounts counts) {
    boolean lists = FieldForm.of(field.kind()) == FieldForm.IDS;
    double rows = counts.rows();
    return new Coverage(
        split.key(),
        rows == 0 ? null : counts.known() / rows,
        rows == 0 || !lists ? null : counts.values() / rows);
  }
}
