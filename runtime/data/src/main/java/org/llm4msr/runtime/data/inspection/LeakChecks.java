package org.llm4msr.runtime.data.inspection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.Columns;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FolderTrainingLog;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.toolkit.arrow.ArrowRows;

/**
 * Looks for knowledge of one part in another: shared rows, training rows from the future, and
 * statistics that were not made from the training part alone, which are computed again.
 */
final class LeakChecks {

  /** A mean or variance of float32 values that is off by more was not taken over these rows. */
  private static final double TOLERANCE = 1e-3;

  /** Differences of shares of positives that are looked at, and in standard errors. */
  private static final double LEAST_SHARE = .1;

  private static final double ERRORS = 4;

  private final Path folder;
  private final DatasetManifest manifest;
  private final PreparationDatabase database;
  private final List<LeakCheck> checks = new ArrayList<>();

  /**
   * Makes the checks.
   *
   * @param database with the tables of {@link PreparedInspection}
   */
  LeakChecks(Path folder, DatasetManifest manifest, PreparationDatabase database) {
    this.folder = folder;
    this.manifest = manifest;
    this.database = database;
  }

  /**
   * Runs all.
   *
   * @param parts counts of each part, by field
   */
  List<LeakCheck> run(List<List<FieldCounts>> parts) {
    List<FieldCounts> training = parts.get(Split.TRAIN.number());
    sharedRows();
    futureRows();
    trainingRows();
    histories();
    statistics();
    vocabularies(training);
    standardisation(training);
    unknownIds(training, parts.get(Split.TEST.number()));
    return checks;
  }

  private void add(String name, long found, String meaning) {
    checks.add(new LeakCheck(name, found, meaning));
  }

  private void skip(String name, String reason) {
    checks.add(new LeakCheck(name, null, reason));
  }

  /** Only rows with a time that a later part has as well can be shared. */
  private void sharedRows() {
    String name = "shared rows";
    if (database.queryLong("SELECT count(*) FROM rows WHERE i IS NULL") > 0) {
      skip(name, "rows have no item_index");
      return;
    }
    String sql =
        """
        WITH bounds AS (SELECT min(t) FILTER (p > 0) AS low, max(t) FILTER (p < 2) AS high FROM rows),
        alike AS (
          SELECT count(*) FILTER (p = 1) AS validation, count(*) FILTER (p = 2) AS test,
            count(*) FILTER (p = 0) AS train
          FROM rows, bounds WHERE t IS NULL OR t BETWEEN low AND high GROUP BY u, i, s, t)
        SELECT coalesce(sum(CASE WHEN train > 0 THEN validation + test WHEN validation > 0 THEN test
          ELSE 0 END), 0)::BIGINT FROM alike
        """;
    add(
        name,
        database.queryLong(sql),
        "validation and test rows with user, item, scenario and time of a row of an earlier part");
  }

  private void futureRows() {
    String name = "rows from the future";
    String ofUser = "rows from a user's future";
    if (database.queryLong("SELECT count(t) FROM rows") == 0) {
      skip(name, "rows have no time");
      skip(ofUser, "rows have no time");
      return;
    }
    add(
        name,
        database.queryLong(
            """
            SELECT count(*) FROM rows, (SELECT min(t) FILTER (p > 0) AS later,
              min(t) FILTER (p > 1) AS last FROM rows)
            WHERE (p = 0 AND t > later) OR (p = 1 AND t > last)
            """),
        "training and validation rows later than the first row of a part behind theirs");
    add(
        ofUser,
        database.queryLong(
            """
            SELECT count(*) FROM rows r JOIN (SELECT u, min(t) FILTER (p > 0) AS later,
              min(t) FILTER (p > 1) AS last FROM rows WHERE p > 0 GROUP BY u) b ON r.u = b.u
            WHERE (p = 0 AND t > later) OR (p = 1 AND t > last)
            """),
        "the same, counted against the rows of the row's own user");
  }

  private void trainingRows() {
    ArrowFile users = ArrowFile.open(folder.resolve(PreparedFolder.USERS));
    IdColumn stated = new IdColumn(users, PreparedFolder.TRAINING_ROWS, Integer.MAX_VALUE);
    long[] wrong = new long[1];
    for (int block = 0; block < users.blocks(); block++) {
      for (int row = 0; row < users.rows(block); row++) {
        wrong[0] += stated.raw(block, row) == 0 ? 0 : 1;
      }
    }
    database.forEach(
        "SELECT id, c FROM (SELECT id, sum(c)::BIGINT AS c FROM met_u WHERE p = 0 GROUP BY id)",
        row -> {
          long pick = users.locate(row.getLong(1));
          long rows = stated.raw(Columns.block(pick), Columns.row(pick));
          wrong[0] += rows == row.getLong(2) ? -1 : rows == 0 ? 1 : 0;
        });
    add(
        "training rows of users",
        wrong[0],
        "users whose training_rows in users.arrow are not their rows in train.arrow");
  }

  private void histories() {
    String name = "histories";
    Path file = folder.resolve(PreparedFolder.HISTORIES);
    if (!Files.exists(file)) {
      skip(name, "there is no " + PreparedFolder.HISTORIES);
      return;
    }
    requireHistoryColumns(ArrowFile.open(file));
    try (ArrowReader reader = ArrowRows.open(file, database.allocator())) {
      database.ingest(
          file,
          reader,
          "CREATE TABLE histories AS SELECT user_index AS u, unnest(items) AS i, unnest(scenarios)"
              + " AS s FROM source");
    } catch (IOException e) {
      throw DataErrors.io(file, e);
    }
    add(
        name,
        database.queryLong(
            """
            SELECT coalesce(sum(abs(stated - trained)), 0)::BIGINT FROM (
              SELECT count(*) FILTER (h) AS stated, count(*) FILTER (NOT h) AS trained FROM (
                SELECT true AS h, u, i, s FROM histories
                UNION ALL SELECT false, u, i, s FROM rows WHERE p = 0 AND y = 1)
              GROUP BY u, i, s)
            """),
        "positives of histories.arrow that are not in train.arrow, and the reverse");
  }

  private void requireHistoryColumns(ArrowFile file) {
    new IdColumn(file, SplitColumns.USER, manifest.users());
    new IdListColumn(file, FolderTrainingLog.HISTORY_ITEMS, manifest.items());
    new IdListColumn(file, FolderTrainingLog.HISTORY_SCENARIOS, manifest.scenarios().size());
  }

  private void statistics() {
    String name = "scenario statistics";
    if (!Files.exists(folder.resolve(PreparedFolder.STATISTICS))) {
      skip(name, "there is no " + PreparedFolder.STATISTICS);
      return;
    }
    List<ScenarioStatistics> stated = FolderTrainingLog.statistics(folder, manifest);
    int scenarios = stated.size();
    long[][] counted = new long[scenarios][4];
    database.forEach(
        """
        SELECT s, count(*), sum(y)::BIGINT, (SELECT count(*) FROM met_u m WHERE p = 0 AND m.s = r.s),
          (SELECT count(*) FROM met_i m WHERE p = 0 AND m.s = r.s)
        FROM rows r WHERE p = 0 GROUP BY s
        """,
        row -> {
          for (int i = 0; i < 4; i++) {
            counted[row.getInt(1)][i] = row.getLong(i + 2);
          }
        });
    long[][] shared =
        PreparedInspection.shared(database, "(SELECT s, id FROM met_u WHERE p = 0)", scenarios);
    long wrong = 0;
    for (int s = 0; s < scenarios; s++) {
      ScenarioStatistics statistics = stated.get(s);
      long[] figures = {
        statistics.interactions(), statistics.positives(), statistics.users(), statistics.items()
      };
      boolean same =
          Arrays.equals(figures, counted[s])
              && statistics.sharedUsers().equals(Arrays.stream(shared[s]).boxed().toList());
      wrong += same ? 0 : 1;
    }
    add(
        name,
        wrong,
        "scenarios whose counts in statistics.json, which prompts state, are not those of"
            + " train.arrow");
  }

  private void vocabularies(List<FieldCounts> training) {
    String name = "vocabularies";
    if (manifest.extended() != null) {
      skip(name, "they count the rows of the data that this extends as well");
      return;
    }
    Map<String, List<FieldCounts>> byVocabulary = new HashMap<>();
    for (int f = 0; f < training.size(); f++) {
      String vocabulary = manifest.fields().get(f).tableName();
      byVocabulary.computeIfAbsent(vocabulary, n -> new ArrayList<>()).add(training.get(f));
    }
    long wrong = 0;
    for (PreparedField field : manifest.fields()) {
      List<FieldCounts> sharing = byVocabulary.remove(field.tableName());
      if (!field.hasVocabulary() || sharing == null) {
        continue;
      }
      Path file = folder.resolve(PreparedFolder.vocabularyFile(field));
      if (!Files.exists(file)) {
        skip(name, "there is no vocabulary of the field '" + field.name() + "'");
        return;
      }
      wrong += differences(ArrowFile.open(file), field, sharing);
    }
    add(name, wrong, "ids whose count in their vocabulary is not that in train.arrow");
  }

  /** Counts the ids whose stated count is not that in some fields together. */
  private static long differences(ArrowFile file, PreparedField field, List<FieldCounts> training) {
    IdColumn ids = new IdColumn(file, "id", field.vocabularySize());
    IdColumn counts = new IdColumn(file, "count", Integer.MAX_VALUE);
    long wrong = 0;
    for (long row = 0; row < file.rows(); row++) {
      long pick = file.locate(row);
      long stated = counts.raw(Columns.block(pick), Columns.row(pick));
      int id = ids.get(pick);
      long counted = training.stream().mapToLong(own -> own.occurrences(id)).sum();
      wrong += stated == counted || (stated < 0 && counted > Integer.MAX_VALUE) ? 0 : 1;
    }
    return wrong;
  }

  private void standardisation(List<FieldCounts> training) {
    String name = "means and deviations";
    if (manifest.extended() != null) {
      skip(name, "they are those of the data that this extends");
      return;
    }
    long wrong = 0;
    for (int f = 0; f < training.size(); f++) {
      FieldCounts counts = training.get(f);
      if (!manifest.fields().get(f).hasIds() && counts.rows() > 0) {
        boolean own = Math.abs(counts.mean()) <= TOLERANCE && counts.variance() <= 1 + TOLERANCE;
        wrong += own ? 0 : 1;
      }
    }
    add(
        name,
        wrong,
        "numeric and vector fields that over train.arrow have a mean other than 0 or a variance"
            + " above 1");
  }

  /**
   * A model learns what the id of unknown values says of labels, and most rows of new users and
   * items read it.
   */
  private void unknownIds(List<FieldCounts> training, List<FieldCounts> test) {
    List<String> found = new ArrayList<>();
    for (int f = 0; f < training.size(); f++) {
      FieldCounts learned = training.get(f);
      FieldCounts read = test.get(f);
      if (tellsOther(learned, read)) {
        found.add(
            String.format(
                Locale.ROOT,
                "%s, %.3f of %,d training rows and %.3f of %,d test rows",
                manifest.fields().get(f).name(),
                learned.unknownShare(),
                learned.unknown(),
                read.unknownShare(),
                read.unknown()));
      }
    }
    add(
        "labels of unknown ids",
        found.size(),
        "fields whose id 0 says other things of the label in train.arrow than in test.arrow, by its"
            + " share of positives"
            + (found.isEmpty() ? "" : ": " + String.join("; ", found)));
  }

  /** By more than a tenth, and beyond chance; what all rows of a part say is taken off. */
  private static boolean tellsOther(FieldCounts training, FieldCounts test) {
    double learned = training.unknownShare() - training.share();
    double read = test.unknownShare() - test.share();
    double error = Math.sqrt(variance(training) + variance(test));
    return Math.abs(learned - read) > Math.max(LEAST_SHARE, ERRORS * error);
  }

  /**
   * Of a share of positives with one more of each label, as few rows say little (Agresti, Caffo).
   */
  private static double variance(FieldCounts counts) {
    double rows = counts.unknown() + 2;
    double share = (counts.unknownPositives() + 1) / rows;
    return share * (1 - share) / rows;
  }
}
