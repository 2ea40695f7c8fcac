package org.llm4msr.runtime.data.database;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.preparation.DatasetPreparationTest;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.rows.RowFile;
import org.llm4msr.runtime.data.rows.ScoringColumn;

class PreparationDatabaseTest {

  private static final Instant TIME = Instant.parse("2022-05-01T06:15:00Z");

  private static final String TEXT = "2022-05-01 06:15:00+00";

  @TempDir Path folder;

  /** DuckDB has the zone of the machine, whatever that of Java is. */
  @Test
  void theZoneIsNotThatOfTheMachine() throws IOException {
    try (PreparationDatabase database = database("zone")) {
      assertThat(database.query("SELECT current_setting('TimeZone')", row -> row.getString(1)))
          .containsExactly("UTC");
    }
  }

  @Test
  void timesWithAZoneArePreparedAsThoseOfUtc() {
    ListReader reader = DatasetPreparationTest.twelveRows();
    List<Object> times = new ArrayList<>(asList(new Object[12]));
    times.set(2, TIME); // A row of the training part.
    reader.tables.get(RawTable.INTERACTIONS).put("seen", times);
    reader.field("seen", RawTable.INTERACTIONS, new FieldKind.Categorical());
    Path target = folder.resolve("prepared");
    Preparations.prepare(reader, Preparations.config(Preparations.BY_TIME, 1), target).close();

    ArrowFile vocabulary = ArrowFile.open(target.resolve("vocabulary/seen.arrow"));
    assertThat(new TextColumn(vocabulary, "value").get(0)).isEqualTo(TEXT);
  }

  @Test
  void timesWithAZoneAreScoredAsThoseOfUtc() throws IOException {
    Path file = folder.resolve("rows.parquet");
    try (PreparationDatabase database = database("writer")) {
      database.execute("COPY (SELECT TIMESTAMPTZ '%s' AS seen) TO '%s'".formatted(TIME, file));
    }
    List<Object> read = new ArrayList<>();
    try (RowFile rows = new RowFile(file, "|", Policy.STRICT, scratch("reader"))) {
      rows.forEach(
          List.of(new ScoringColumn("seen", "categorical", true)),
          List.of("seen"),
          0,
          row -> row.columns().forEach(column -> read.add(row.get(column, 0).toString())));
    }
    assertThat(read).containsExactly(TEXT, TEXT);
  }

  /** DuckDB would take what follows the semicolon for a setting. */
  @Test
  void aFolderMayHaveAnyName() throws IOException {
    try (PreparationDatabase database = database("a;threads=0'b")) {
      database.execute("CREATE TABLE one AS SELECT 1");
    }
    assertThat(folder.resolve("a;threads=0'b/work.duckdb")).isNotEmptyFile();
  }

  private PreparationDatabase database(String name) throws IOException {
    return new PreparationDatabase(scratch(name), 512L << 20, 1);
  }

  private Path scratch(String name) throws IOException {
    return Files.createDirectory(folder.resolve(name));
  }
}
