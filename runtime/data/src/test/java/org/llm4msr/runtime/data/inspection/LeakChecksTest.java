package org.llm4msr.runtime.data.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.preparation.DatasetPreparationTest;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedFolder;

/** Rows written by hand, with the files of prepared data that do not know them. */
class LeakChecksTest {

  @TempDir Path folder;
  private Path prepared;
  private DatasetManifest manifest;
  private PreparationDatabase database;

  @BeforeEach
  void prepare() throws IOException {
    prepared = folder.resolve("prepared");
    Preparations.prepare(
            DatasetPreparationTest.twelveRows(),
            Preparations.config(Preparations.BY_TIME, 2),
            prepared)
        .close();
    try (PreparedFolder data = new PreparedFolder(prepared)) {
      manifest = data.manifest();
    }
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    database = new PreparationDatabase(scratch, 256L << 20, 1);
    database.execute(
        "CREATE TABLE rows(p TINYINT, u INTEGER, i INTEGER, s INTEGER, y TINYINT, t BIGINT)");
  }

  @AfterEach
  void close() {
    database.close();
  }

  /** A row of a part: 0 training, 1 validation, 2 test. */
  private void row(int part, int user, String item, int scenario, String time) {
    database.execute(
        "INSERT INTO rows VALUES (%d, %d, %s, %d, 1, %s)"
            .formatted(part, user, item, scenario, time));
  }

  private List<FieldCounts> nothing() {
    return manifest.fields().stream().map(field -> new FieldCounts(field, true)).toList();
  }

  private List<LeakCheck> run(List<FieldCounts> training) {
    return run(training, nothing());
  }

  private List<LeakCheck> run(List<FieldCounts> training, List<FieldCounts> test) {
    for (String who : List.of("u", "i")) {
      database.execute(
          "CREATE TABLE met_%1$s AS SELECT p, s, %1$s AS id, count(*) AS c FROM rows GROUP BY ALL"
              .formatted(who));
    }
    return new LeakChecks(prepared, manifest, database).run(List.of(training, nothing(), test));
  }

  private Map<String, Long> found(List<LeakCheck> checks) {
    return checks.stream()
        .filter(check -> check.found() != null)
        .collect(Collectors.toMap(LeakCheck::name, LeakCheck::found));
  }

  private static String meaning(List<LeakCheck> checks, String name) {
    return checks.stream()
        .filter(check -> check.name().equals(name) && check.found() == null)
        .map(LeakCheck::meaning)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void countsRowsOfALaterPartThatAnEarlierOneHas() {
    row(0, 1, "1", 0, "10");
    row(1, 1, "1", 0, "10"); // In training.
    row(1, 1, "2", 0, "10");
    row(2, 1, "1", 0, "10"); // In training and validation, counted once.
    row(2, 1, "2", 0, "10"); // In validation.
    row(2, 1, "2", 1, "10"); // In another scenario.
    row(2, 2, "2", 0, "10"); // Of another user.
    row(2, 1, "2", 0, "11"); // At another time.
    row(2, 1, "3", 0, "10");
    row(2, 1, "3", 0, "10"); // Twice in one part.

    assertThat(found(run(nothing()))).containsEntry("shared rows", 3L);
  }

  @Test
  void rowsWithoutATimeAreSharedToo() {
    row(0, 1, "1", 0, "NULL");
    row(1, 1, "1", 0, "NULL");

    List<LeakCheck> checks = run(nothing());

    assertThat(found(checks)).containsEntry("shared rows", 1L);
    assertThat(meaning(checks, "rows from the future")).isEqualTo("rows have no time");
    assertThat(meaning(checks, "rows from a user's future")).isEqualTo("rows have no time");
  }

  @Test
  void rowsWithoutAnItemAreNotCompared() {
    row(0, 1, "NULL", 0, "10");
    row(1, 1, "NULL", 0, "10");

    assertThat(meaning(run(nothing()), "shared rows")).isEqualTo("rows have no item_index");
  }

  /** Validation begins at 20 and test at 30; user 1's own rows of them at 25 and 40. */
  @Test
  void countsRowsLaterThanAPartBehindThem() {
    row(0, 1, "1", 0, "20"); // As late as the first is not later.
    row(0, 1, "1", 0, "24"); // Later than some row.
    row(0, 1, "1", 0, "26"); // Later than a row of the user.
    row(0, 3, "1", 0, "99"); // The user has no other rows.
    row(1, 2, "1", 0, "20");
    row(1, 1, "1", 0, "25");
    row(1, 1, "1", 0, "35"); // Later than a row of test, but none of the user.
    row(1, 1, "1", 0, "41"); // Later than a row of the user.
    row(2, 2, "1", 0, "30");
    row(2, 1, "1", 0, "40");

    assertThat(found(run(nothing())))
        .containsEntry("rows from the future", 5L)
        .containsEntry("rows from a user's future", 2L);
  }

  /** Nothing that the prepared files state is in the rows. */
  @Test
  void comparesWhatFilesStateWithTheRows() throws IOException {
    row(2, 0, "0", 0, "1");
    long users = manifest.trainingUsers();

    Map<String, Long> found = found(run(nothing()));

    assertThat(found)
        .containsEntry("training rows of users", users)
        .containsEntry("histories", 5L) // The positives of the eight training rows.
        .containsEntry("scenario statistics", (long) manifest.scenarios().size());
    assertThat(found.get("vocabularies")).isPositive();
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    row(0, 0, "0", 0, "1");
    Files.delete(prepared.resolve(PreparedFolder.HISTORIES));
    Files.delete(prepared.resolve(PreparedFolder.STATISTICS));
    Files.delete(prepared.resolve("vocabulary/hour.arrow"));

    List<LeakCheck> checks = run(nothing());

    assertThat(meaning(checks, "histories")).isEqualTo("there is no histories.arrow");
    assertThat(meaning(checks, "scenario statistics")).isEqualTo("there is no statistics.json");
    assertThat(meaning(checks, "vocabularies"))
        .isEqualTo("there is no vocabulary of the field 'hour'");
  }

  /** Mean and variance 0 and 1 are those of training; 0.5 and 1, or 0 and 4, are of other rows. */
  @Test
  void findsNumbersThatWereStandardisedOverOtherRows() {
    assertThat(standardisation(-1, 1)).isZero();
    assertThat(standardisation(0, 0)).isZero(); // A field that is constant or missing.
    assertThat(standardisation(-0.5f, 1.5f)).isEqualTo(1);
    assertThat(standardisation(-2, 2)).isEqualTo(1);
  }

  private long standardisation(float... durations) {
    List<FieldCounts> training = nothing();
    for (int f = 0; f < training.size(); f++) {
      if (manifest.fields().get(f).name().equals("duration")) {
        FieldValues values = new FieldValues.Numbers(durations);
        training.get(f).count(values, new float[durations.length], durations.length);
      }
    }
    for (String table : List.of("met_u", "met_i", "histories")) {
      database.execute("DROP TABLE IF EXISTS " + table);
    }
    return found(run(training)).get("means and deviations");
  }

  /** Of items that are rare and hidden in their positives alone: the id is 1 in training only. */
  @Test
  void findsAnIdOfUnknownValuesThatTellsTheLabel() {
    List<LeakCheck> checks = run(labelled(60, 60, 300, 100), labelled(400, 80, 500, 100));

    assertThat(checks)
        .filteredOn(check -> check.name().equals("labels of unknown ids"))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.found()).isOne();
              assertThat(check.meaning())
                  .endsWith(": user, 1.000 of 60 training rows and 0.200 of 400 test rows");
            });
  }

  /** Less than a tenth, within chance, and as far from all rows in both parts. */
  @Test
  void leavesUnknownValuesThatTellTheSame() {
    assertThat(unknown(labelled(1000, 330, 300, 100), labelled(1000, 250, 300, 100))).isZero();
    assertThat(unknown(labelled(4, 4, 300, 100), labelled(9, 3, 300, 100))).isZero();
    assertThat(unknown(labelled(1, 1, 300, 100), labelled(1, 0, 300, 100))).isZero();
    assertThat(unknown(labelled(500, 400, 500, 300), labelled(500, 200, 500, 100))).isZero();
    assertThat(unknown(nothing(), labelled(400, 80, 500, 100))).isZero();
    assertThat(unknown(labelled(500, 400, 500, 100), labelled(500, 100, 500, 100))).isOne();
  }

  private long unknown(List<FieldCounts> training, List<FieldCounts> test) {
    for (String table : List.of("met_u", "met_i", "histories")) {
      database.execute("DROP TABLE IF EXISTS " + table);
    }
    return found(run(training, test)).get("labels of unknown ids");
  }

  /** Returns counts of the field {@code user}: rows of id 0 and 1, and the positives of each. */
  private List<FieldCounts> labelled(int unknown, int positives, int known, int knownPositives) {
    int rows = unknown + known;
    int[] ids = new int[rows];
    float[] labels = new float[rows];
    for (int row = 0; row < rows; row++) {
      ids[row] = row < unknown ? 0 : 1;
      labels[row] =
          row < unknown ? row < positives ? 1 : 0 : row < unknown + knownPositives ? 1 : 0;
    }
    List<FieldCounts> counts = nothing();
    for (int f = 0; f < counts.size(); f++) {
      if (manifest.fields().get(f).name().equals("user")) {
        counts.get(f).count(new FieldValues.Ids(ids), labels, rows);
      }
    }
    return counts;
  }
}
