package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.arrow.DataErrors;

class PreparationErrorsTest {

  @TempDir Path folder;

  private final DatasetConfig byTime = Preparations.config(Preparations.BY_TIME, 1);

  /** A failed preparation leaves nothing behind. */
  @AfterEach
  void nothingIsLeft() throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  private ListReader reader() {
    return DatasetPreparationTest.twelveRows();
  }

  private ListReader changed(RawTable table, String column, int row, Object value) {
    ListReader reader = reader();
    List<Object> values = new ArrayList<>(reader.tables.get(table).get(column));
    values.set(row, value);
    reader.tables.get(table).replace(column, values);
    return reader;
  }

  private void refused(ListReader reader, DatasetConfig config, String code, String text) {
    assertThatThrownBy(() -> Preparations.prepare(reader, config, folder.resolve("prepared")))
        .isInstanceOfSatisfying(MsrException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  @Test
  void refusesBadInteractions() {
    refused(
        changed(RawTable.INTERACTIONS, "label", 3, 2L),
        byTime,
        "data/BAD_LABEL",
        "Table interactions has 1 rows with a label other than 0 and 1, for example '2'");
    refused(changed(RawTable.INTERACTIONS, "label", 3, null), byTime, "data/BAD_LABEL", "'null'");
    refused(changed(RawTable.INTERACTIONS, "user", 3, null), byTime, "data/NULL_ID", "a null user");
    refused(
        changed(RawTable.INTERACTIONS, "scenario", 3, null),
        byTime,
        "data/NULL_ID",
        "a null scenario");
    refused(changed(RawTable.INTERACTIONS, "time", 3, null), byTime, "data/NULL_TIME", "1 rows");
  }

  @Test
  void refusesRepeatedUsersAndItems() {
    refused(
        changed(RawTable.USERS, "user", 1, "ann"),
        byTime,
        "data/DUPLICATE_KEY",
        "Table users describes the user 'ann' more than once, and differently. Fix the raw data,");
    refused(changed(RawTable.ITEMS, "item", 1, "z"), byTime, "data/DUPLICATE_KEY", "'z'");
    ListReader reader = changed(RawTable.USERS, "user", 1, "ann");
    reader.rows = Map.of("ann", List.of(Preparations.row(2), Preparations.row(5)));
    refused(reader, byTime, "data/DUPLICATE_KEY", "differently: u.csv, line 2; u.csv, line 5. Fix");
  }

  @Test
  void refusesASchemaThatIsNotKept() {
    refused(
        reader().field("brand", RawTable.ITEMS, new FieldKind.Categorical()),
        byTime,
        "data/MISSING_COLUMN",
        "Table ITEMS has no column 'brand'; the reader emits [item, tags, title]");
    refused(
        reader().field("title", RawTable.ITEMS, new FieldKind.Numeric()),
        byTime,
        "data/WRONG_TYPE",
        "expected a number");
    refused(
        reader().field("time", RawTable.INTERACTIONS, new FieldKind.Numeric()),
        byTime,
        "data/FIELD_NAME",
        "'time'");
  }

  /** The field {@code user} of {@code twelveRows} is the raw id itself, and is taken. */
  @Test
  void refusesAFieldWithTheNameOfAnotherId() {
    for (String id : List.of("user", "item", "scenario")) {
      ListReader reader = reader();
      reader.fields.removeIf(field -> field.name().equals("user"));
      FieldKind kind = new FieldKind.Categorical();
      reader.fields.add(new RawField(id, RawTable.USERS, "level", FieldRole.USER, kind));
      refused(
          reader,
          byTime,
          "data/FIELD_NAME",
          "The field name '%s' is that of the raw id in rows that are scored, and the field reads the column 'level' of the table USERS. Rename the field."
              .formatted(id));
    }
  }

  @Test
  void refusesTheLabelAsAFeature() {
    ListReader reader = reader();
    reader.fields.add(
        new RawField(
            "clicked",
            RawTable.INTERACTIONS,
            "label",
            FieldRole.CONTEXT,
            new FieldKind.Categorical()));
    refused(reader, byTime, "data/LEAK", "'clicked' reads the column 'label'");
  }

  @Test
  void refusesDaysWithoutTimes() {
    DatasetConfig near =
        Preparations.drawing(
            Preparations.split(SplitConfig.By.RANDOM),
            1,
            new NegativesConfig(1, NegativesConfig.Draw.UNIFORM, NegativePool.near(7), 0, 1));
    refused(
        changed(RawTable.INTERACTIONS, "time", 3, null),
        near,
        "data/NULL_TIME",
        "1 rows with no time, which dataset.negatives.pool.days needs");
    ListReader timeless = reader();
    timeless.tables.get(RawTable.INTERACTIONS).remove("time");
    refused(
        timeless,
        near,
        "data/NO_TIME",
        "dataset.negatives.pool.days is 7, but the data has no time. Use part or earlier.");
  }

  @Test
  void refusesASplitThatTheDataCannotGive() {
    ListReader timeless = reader();
    timeless.tables.get(RawTable.INTERACTIONS).remove("time");
    refused(timeless, byTime, "data/NO_TIME", "Use given or random");
    refused(
        timeless,
        Preparations.config(Preparations.split(SplitConfig.By.USER_TIME), 1),
        "data/NO_TIME",
        "dataset.split.by is 'user-time'");
    refused(
        reader(),
        Preparations.config(Preparations.split(SplitConfig.By.GIVEN), 1),
        "data/NO_SPLIT",
        "no split");
    refused(
        changed(RawTable.INTERACTIONS, "label", 0, new IllegalStateException("a row is read")),
        Preparations.config(
            new SplitConfig(SplitConfig.By.TIME, List.of(4.0, 1.0, 1.0), "soon", "later", 0), 1),
        "data/BAD_SPLIT",
        "validationFrom is 'soon'; expected a day (2022-05-01)");
    refused(
        reader(),
        Preparations.config(
            new SplitConfig(
                SplitConfig.By.TIME, List.of(4.0, 1.0, 1.0), "1960-01-01", "1961-01-01", 0),
            1),
        "data/EMPTY_TRAINING",
        "No row falls into the training part");
  }

  @Test
  void refusesScenariosThatAreNotThere() {
    refused(
        reader(),
        Preparations.config(Preparations.BY_TIME, 1, "s1", "s3"),
        "data/BAD_SCENARIOS",
        "'s3', which no interaction is in; the data has 's1', 's2'");
    refused(
        reader(),
        Preparations.config(Preparations.BY_TIME, 1, "s1", "s1"),
        "data/BAD_SCENARIOS",
        "twice");
  }

  @Test
  void refusesAColumnOfRowNumbersAsScenarios() {
    ListReader reader = reader();
    reader.scenarios = List.of();
    Map<String, List<?>> rows = reader.tables.get(RawTable.INTERACTIONS);
    rows.replaceAll(
        (column, values) ->
            Collections.nCopies(84, values).stream().flatMap(List::stream).toList());
    rows.replace(
        "scenario", IntStream.range(0, 1008).mapToObj(row -> "n%04d".formatted(row)).toList());

    refused(
        reader,
        byTime,
        "data/TOO_MANY_SCENARIOS",
        "The data has 1008 scenarios, such as 'n0000', 'n0001', 'n0002'; at most 1000");
  }

  @Test
  void passesTheReadersOwnErrorOn() {
    MsrException own = new MsrException(ErrorType.DATA, "kuaisar/BAD_ROW", "row 7 of log.csv");
    ListReader reader = reader();
    reader
        .tables
        .get(RawTable.INTERACTIONS)
        .replace("hour", asList("9", "9", "9", "8", "8", "7", "8", "9", "9", "5", own, null));
    assertThatThrownBy(() -> Preparations.prepare(reader, byTime, folder.resolve("prepared")))
        .isSameAs(own);
  }

  @Test
  void tellsAFullDiskFromOtherFailures() {
    assertThat(DataErrors.io(folder, new IOException("No space left on device")))
        .extracting(MsrException::type, MsrException::code)
        .containsExactly(ErrorType.RESOURCES, "data/DISK_FULL");
    assertThat(
            DataErrors.database(
                folder, new IOException("IO Error: Could not write: No space left on device")))
        .extracting(MsrException::code)
        .isEqualTo("data/DISK_FULL");
    assertThat(DataErrors.database(folder, new IOException("Out of Memory Error: failed to pin")))
        .extracting(MsrException::code)
        .isEqualTo("data/OUT_OF_MEMORY");
    assertThat(DataErrors.io(folder, new IOException("work: Read-only file system")))
        .extracting(MsrException::code)
        .isEqualTo("data/NOT_WRITABLE");
  }
}
