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
    for (String who : List.of("u", "i")) {
      database.execute(
          "CREATE TABLE met_%1$s AS SELECT p, s, %1$s AS id, count(*) AS c FROM rows GROUP BY ALL"
              .formatted(who));
    }
    return new LeakChecks(prepared, manifest, database).run(training);
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
        training.get(f).count(new FieldValues.Numbers(durations), durations.length);
      }
    }
    for (String table : List.of("met_u", "met_i", "histories")) {
      database.execute("DROP TABLE IF EXISTS " + table);
    }
    return found(run(training)).get("means and deviations");
  }
}
