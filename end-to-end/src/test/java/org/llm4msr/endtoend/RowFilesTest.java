package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** Rows as programs write them. */
class RowFilesTest {

  private static final String HEADER = "user,item,scenario,hour,price,tags\n";
  private static final String ROW = "3,i4,feed,7,9.5,a|b\n";

  @TempDir static Path folder;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1200, 40, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
  }

  private static Map<String, Object> row(Object user) {
    return Map.of(
        "user",
        user,
        "item",
        "i4",
        "scenario",
        "feed",
        "hour",
        7,
        "price",
        9.5,
        "tags",
        List.of("a", "b"));
  }

  private static float[] score(Scorer scorer, String csv) throws IOException {
    Path out = folder.resolve("scores.arrow");
    Files.deleteIfExists(out);
    scorer.score(new ScoringRequest(csv("rows.csv", csv), out), Progress.NONE);
    return BundleTest.floats(out, "score");
  }

  private static Path csv(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), HEADER + text);
  }

  private static Path parquet(String name, String row) throws SQLException {
    Path file = folder.resolve(name + ".parquet");
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute("COPY (SELECT " + row + ") TO '" + file + "' (FORMAT parquet)");
    }
    return file;
  }

  private static MsrException refusal(ScoringRequest request) {
    try (Scorer scorer = Scorer.load(bundle)) {
      MsrException error =
          catchThrowableOfType(MsrException.class, () -> scorer.score(request, Progress.NONE));
      assertThat(error).as("a refusal").isNotNull();
      return error;
    }
  }

  /** DuckDB would take # for the beginning of a remark, and ' for a quote. */
  @ParameterizedTest
  @ValueSource(strings = {"#3", "'3'", "3 # x"})
  void idsMayHaveMarksOfOtherDialects(String user) throws IOException {
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = score(scorer, (user + ROW.substring(1)).repeat(60) + ROW.repeat(40));

      assertThat(scores).hasSize(100);
      assertThat(scores[0]).isEqualTo(scorer.score(List.of(row(user)))[0]);
      assertThat(scores[99]).isEqualTo(scorer.score(List.of(row(3)))[0]);
      assertThat(scores[0]).isNotEqualTo(scores[99]);
    }
  }

  /** DuckDB looks at 20,480 rows to find out how values are quoted. */
  @Test
  void valuesMayBeQuotedInTheLastRowAlone() throws IOException {
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = score(scorer, ROW.repeat(25_000) + "\"3\",i4,\"feed\",7,\"9.5\",\"a|b\"\n");

      assertThat(scores).hasSize(25_001);
      assertThat(scores[25_000]).isEqualTo(scores[0], within(1e-6f));
      float other = score(scorer, ROW.repeat(25_000) + "\"a,b\",i4,feed,7,9.5,\n")[25_000];
      assertThat(other).isNotEqualTo(scores[0]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3,i4,feed\n", "3,i4,feed,7,9.5,a,b\n"})
  void aRowOfAnotherWidthIsNamed(String wrong) throws IOException {
    Path rows = csv("ragged.csv", ROW + wrong + ROW);

    assertThat(refusal(new ScoringRequest(rows, folder.resolve("ragged.arrow"))))
        .hasMessageStartingWith("[data/BAD_ROWS] " + rows + " cannot be read: ")
        .hasMessageContainingAll("Line: 3", wrong.strip());
    assertThat(folder.resolve("ragged.arrow.parts")).doesNotExist();
  }

  private static ScoringRequest skipping(Path rows, Path out) {
    return new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.SKIP, 2);
  }

  /** Row 1 is short, 3 long, 4 has no number, 6 no known scenario; 5 has a line break. */
  @Test
  void rowsThatCannotBeReadAreReportedAndTheOthersScored() throws IOException {
    Path rows =
        csv(
            "malformed.csv",
            ROW
                + "3,i4,feed\n"
                + ROW
                + "3,i4,feed,7,9.5,a,b,c\n"
                + "3,i4,feed,7,cheap,a\n"
                + "\"a\n"
                + "b\",i4,feed,,,\n"
                + "3,i4,mall,7,9.5,\n");
    Path out = folder.resolve("malformed.arrow");
    try (Scorer scorer = Scorer.load(bundle)) {
      ScoringReport report = scorer.score(skipping(rows, out), Progress.NONE);

      assertThat(report.rows()).isEqualTo(7);
      assertThat(report.malformed()).isEqualTo(4);
      assertThat(report.problems())
          .extracting(RowProblem::row, RowProblem::problem)
          .containsExactly(
              tuple(
                  1L,
                  "Row 1 has 3 values, but the header names 6 columns. Fix it, or leave it out."),
              tuple(
                  3L,
                  "Row 3 has 8 values, but the header names 6 columns. Fix it, or leave it out."),
              tuple(
                  4L,
                  "Column 'price' has 'cheap' in row 4; expected a number. Fix the row or leave the"
                      + " value empty."),
              tuple(
                  6L,
                  "Column 'scenario' has 'mall' in row 6; the model knows [feed, search, home]."
                      + " Leave such rows out, or train a model with this scenario."));
      assertThat(BundleTest.texts(out, "row")).containsExactly("0", "1", "2", "3", "4", "5", "6");
      assertThat(BundleTest.texts(out, "user"))
          .containsExactly("3", "3", "3", "3", "3", "a\nb", "3");
      List<String> scores = BundleTest.texts(out, "score");
      assertThat(scores).element(1).isEqualTo("null");
      assertThat(List.of(scores.get(3), scores.get(4), scores.get(6))).containsOnly("null");
      float whole = scorer.score(List.of(row(3)))[0];
      assertThat(Float.parseFloat(scores.get(0))).isEqualTo(whole, within(1e-6f));
      assertThat(Float.parseFloat(scores.get(2))).isEqualTo(whole, within(1e-6f));
      Map<String, Object> empty = new HashMap<>(row("a\nb"));
      List.of("hour", "price", "tags").forEach(column -> empty.put(column, null));
      assertThat(Float.parseFloat(scores.get(5)))
          .isEqualTo(scorer.score(List.of(empty))[0], within(1e-6f));
      assertThat(BundleTest.texts(out, "problem"))
          .element(1)
          .isEqualTo(
              "Row 1 has 3 values, but the header names 6 columns. Fix it, or leave it out.");

      Path asCsv = folder.resolve("malformed-scores.csv");
      scorer.score(skipping(rows, asCsv), Progress.NONE);
      assertThat(Files.readAllLines(asCsv))
          .contains("row,user,score,problem")
          .anyMatch(line -> line.startsWith("1,3,,\"Row 1 has 3 values"));
    }
  }

  /** All that follows an open quote would be one value, which DuckDB drops in silence. */
  @ParameterizedTest
  @ValueSource(
      strings = {"\"3,i4,feed,7,9.5,a\n", "3,i4,feed,7,9.5,\"a", "\"3\"x,i4,feed,7,9.5,a\n"})
  void aBrokenQuoteIsAnErrorOfTheFile(String broken) throws IOException {
    Path rows = csv("quote.csv", ROW + broken + (broken.endsWith("\n") ? ROW : ""));
    Path out = folder.resolve("quote.arrow");

    assertThat(refusal(skipping(rows, out)))
        .hasMessageStartingWith("[data/BAD_ROWS] " + rows + " cannot be read: line 3: ")
        .hasMessageContaining("quote");
    assertThat(folder.resolve("quote.arrow.parts")).doesNotExist();
  }

  @Test
  void aFileWithoutAReadableRowIsAnError() throws IOException {
    Path rows = csv("none.csv", "3,i4,mall,7,9.5,a\n".repeat(3));
    Path out = folder.resolve("none.arrow");

    assertThat(refusal(new ScoringRequest(rows, out)))
        .hasMessageStartingWith("[data/UNKNOWN_SCENARIO] " + rows + ": Column 'scenario'")
        .hasMessageEndingWith(" To score the other rows, add --malformed skip.");
    assertThat(refusal(skipping(rows, out)))
        .hasMessageStartingWith(
            "[score/NO_SCORES] "
                + rows
                + ": none of its 3 rows can be read. The first: Column 'scenario' has 'mall' in row"
                + " 0;");
    assertThat(out).doesNotExist();
    assertThat(folder.resolve("none.arrow.parts")).doesNotExist();
  }

  @Test
  void rowsOfParquetAreReportedToo() throws IOException, SQLException {
    Path rows =
        parquet(
            "malformed",
            "3 AS user, 'i4' AS item, s AS scenario, h AS hour, 9.5::DOUBLE AS price, ['a', 'b'] AS"
                + " tags FROM (VALUES ('feed', '7'), ('mall', '7'), ('feed', '7.0'), ('feed', '7'))"
                + " t(s, h)");
    Path out = folder.resolve("malformed-parquet.arrow");
    try (Scorer scorer = Scorer.load(bundle)) {
      ScoringReport report = scorer.score(skipping(rows, out), Progress.NONE);

      assertThat(report.problems()).extracting(RowProblem::row).containsExactly(1L, 2L);
      assertThat(report.problems().get(1).problem())
          .startsWith("Column 'hour' has '7.0' in row 2; the model knows '7'.");
      assertThat(Float.parseFloat(BundleTest.texts(out, "score").get(3)))
          .isEqualTo(scorer.score(List.of(row(3)))[0], within(1e-6f));
    }
  }

  @Test
  void mapsThatCannotBeReadHaveNoScore() {
    Map<String, Object> incomplete = new HashMap<>(row(3));
    incomplete.remove("hour");
    Map<String, Object> wrong = new HashMap<>(row(3));
    wrong.put("price", "cheap");
    List<RowException> malformed = new ArrayList<>();
    try (Scorer scorer = Scorer.load(bundle)) {
      float whole = scorer.score(List.of(row(3)))[0];

      float[] scores = scorer.score(List.of(incomplete, row(3), wrong, row(3)), malformed::add);

      assertThat(scores).containsExactly(Float.NaN, whole, Float.NaN, whole);
    }
    assertThat(malformed)
        .extracting(RowException::row, RowException::code)
        .containsExactly(tuple(0L, "data/MISSING_COLUMN"), tuple(2L, "data/BAD_VALUE"));
  }

  /** What was scored before is counted with what is left. */
  @Test
  void aStoppedJobCountsAllItsProblems() throws IOException {
    String wrong = "3,i4,mall,7,9.5,a\n";
    Path rows = csv("stopped.csv", wrong + ROW + ROW + wrong + ROW);
    Path out = folder.resolve("stopped.arrow");
    ScoringRequest request = skipping(rows, out);
    try (Scorer scorer = Scorer.load(bundle)) {
      Progress stop =
          (done, total) -> {
            if (done >= 5) {
              throw new IllegalStateException("stopped");
            }
          };
      assertThatThrownBy(() -> scorer.score(request, stop)).hasMessageContaining("stopped");

      ScoringReport report = scorer.score(request, Progress.NONE);

      assertThat(report.resumedAt()).isPositive();
      assertThat(report.malformed()).isEqualTo(2);
      assertThat(report.problems()).extracting(RowProblem::row).containsExactly(0L, 3L);
    }
  }

  @Test
  void aColumnThatIsReadStandsOnce() throws IOException {
    Path rows = folder.resolve("repeated.csv");
    String twice = HEADER.strip() + ",note,%s\n" + ROW.strip() + ",4,5\n";
    Files.writeString(rows, twice.formatted("user"));
    assertThat(refusal(new ScoringRequest(rows, folder.resolve("repeated.arrow"))))
        .hasMessage(
            "[data/REPEATED_COLUMN] %s names the column 'user' more than once. Rename one of them.",
            rows);

    Files.writeString(rows, twice.formatted("note"));
    Path kept = folder.resolve("repeated-kept.arrow");
    assertThat(
            refusal(
                new ScoringRequest(rows, kept, List.of("note"), "|", false, Policy.STRICT, 1000)))
        .hasMessageContaining("names the column 'note' more than once");
    try (Scorer scorer = Scorer.load(bundle)) {
      Path out = folder.resolve("repeated.arrow");
      scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      assertThat(BundleTest.floats(out, "score"))
          .containsExactly(scorer.score(List.of(row(3))), within(1e-6f));
    }
  }

  /** DuckDB would take "user=me" for a column that has the same value in all rows. */
  @Test
  void foldersAreNoColumns() throws IOException {
    Path place = Files.createDirectories(folder.resolve("user=me/price=1"));
    Path rows = Files.writeString(place.resolve("rows.csv"), HEADER + ROW);
    try (Scorer scorer = Scorer.load(bundle)) {
      Path out = place.resolve("scores.arrow");
      scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      assertThat(BundleTest.floats(out, "score"))
          .containsExactly(scorer.score(List.of(row(3))), within(1e-6f));
      assertThat(texts(out, "user")).containsExactly("3");
    }
  }

  @Test
  void whatIsKeptIsAsTheFileHasIt() throws IOException, SQLException {
    Path rows =
        parquet(
            "kept",
            "3 AS user, 'i4' AS item, 'feed' AS scenario, 7 AS hour, 12345678::BIGINT AS price,"
                + " 'a|b' AS tags");
    Path out = folder.resolve("kept.arrow");
    ScoringRequest request =
        new ScoringRequest(
            rows, out, List.of("price", "tags", "user"), "|", false, Policy.STRICT, 1000);
    try (Scorer scorer = Scorer.load(bundle)) {
      scorer.score(request, Progress.NONE);
    }
    assertThat(texts(out, "price")).containsExactly("12345678");
    assertThat(texts(out, "tags")).containsExactly("a|b");
    assertThat(texts(out, "user")).containsExactly("3");
  }

  private static List<String> texts(Path file, String column) throws IOException {
    List<String> all = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VarCharVector values = (VarCharVector) reader.getVectorSchemaRoot().getVector(column);
        for (int i = 0; i < values.getValueCount(); i++) {
          all.add(String.valueOf(values.getObject(i)));
        }
      }
    }
    return all;
  }

  @Test
  void anEmptyTextIsNoNumberInAnyFormat() throws IOException, SQLException {
    Path rows =
        parquet(
            "unpriced",
            "3 AS user, 'i4' AS item, 'feed' AS scenario, 7 AS hour, '' AS price, ['a', 'b'] AS"
                + " tags");
    Path out = folder.resolve("unpriced.arrow");
    Map<String, Object> missing = new HashMap<>(row(3));
    missing.put("price", null);
    try (Scorer scorer = Scorer.load(bundle)) {
      scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      assertThat(BundleTest.floats(out, "score"))
          .containsExactly(scorer.score(List.of(missing)), within(1e-6f));
    }
  }

  @Test
  void digitsOfTheLocaleChangeNothing() throws IOException {
    Path rows = csv("locale.csv", ROW.repeat(3));
    Path out = folder.resolve("locale.arrow");
    Locale before = Locale.getDefault();
    try (Scorer scorer = Scorer.load(bundle)) {
      float expected = scorer.score(List.of(row(3)))[0];
      Locale.setDefault(Locale.forLanguageTag("fa-IR"));
      scorer.score(
          new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.STRICT, 1),
          Progress.NONE);
      assertThat(BundleTest.floats(out, "score"))
          .containsExactly(new float[] {expected, expected, expected}, within(1e-6f));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aFolderOfAnotherPurposeIsLeftAlone() throws IOException {
    Path rows = csv("mine.csv", ROW);
    Path mine = Files.createDirectories(folder.resolve("mine.arrow.parts")).resolve("notes.txt");
    Files.writeString(mine, "mine");
    assertThat(refusal(new ScoringRequest(rows, folder.resolve("mine.arrow"))))
        .hasMessage(
            "[score/IN_THE_WAY] %s is where parts of the scores would go, but holds something"
                + " else. Choose another file, or move it away.",
            mine.getParent());
    assertThat(mine).hasContent("mine");
  }

  /** The last row ends the job when the first parts are there. */
  @Test
  void partsOfOtherSettingsAreNotGoneOnWith() throws IOException {
    Path rows = csv("parts.csv", ROW.repeat(70_000) + "3,i4,nowhere,7,9.5,a\n");
    Path out = folder.resolve("parts.arrow");
    ScoringRequest request =
        new ScoringRequest(rows, out, List.of(), "|", false, Policy.STRICT, 1000);
    try (Scorer first = Scorer.load(bundle)) {
      assertThatThrownBy(() -> first.score(request, Progress.NONE))
          .hasMessageContaining("UNKNOWN_SCENARIO");
    }
    assertThat(folder.resolve("parts.arrow.parts")).isNotEmptyDirectory();
    try (Scorer other = Scorer.load(bundle, "missing=zero")) {
      assertThatThrownBy(() -> other.score(request, Progress.NONE))
          .hasMessageContaining("score/OTHER_JOB");
    }
  }

  @Test
  void aFileWithoutALineIsTold() throws IOException {
    Path rows = Files.writeString(folder.resolve("empty.csv"), "");

    assertThat(refusal(new ScoringRequest(rows, folder.resolve("empty.arrow"))))
        .hasMessageContaining(rows + " has no header");
  }

  /** As preparation reads them: a column of numbers has no versions 7 and 7.0. */
  @Test
  void wholeNumbersOfTypedColumnsThatBecameRealAreWhole() throws IOException, SQLException {
    Path rows =
        parquet(
            "real",
            "3.0::DOUBLE AS user, 'i4' AS item, 'feed' AS scenario, 7::FLOAT AS hour, 9.5 AS price, ['a', 'b'] AS tags");
    Path out = folder.resolve("real.arrow");

    try (Scorer scorer = Scorer.load(bundle)) {
      scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      assertThat(BundleTest.floats(out, "score")).containsExactly(scorer.score(List.of(row(3))));
    }
  }

  @Test
  void idsThatBecameRealNumbersAreToldWhereTheWholeOnesAreKnown() throws IOException {
    String message = "Column 'user' has '3.0' in row 0; the model knows '3'. Write values as";

    try (Scorer scorer = Scorer.load(bundle)) {
      assertThatThrownBy(() -> score(scorer, "3.0,i4,feed,7,9.5,a\n"))
          .hasMessageContaining(message);
      assertThat(score(scorer, "unknown.0,i4,feed,7,9.5,a\n")).hasSize(1);
      assertThatThrownBy(() -> score(scorer, "3,i4,feed,7.0,9.5,a\n"))
          .hasMessageContaining("Column 'hour' has '7.0' in row 0; the model knows '7'. Write");
      assertThat(score(scorer, "3,i4,feed,99.0,9.5,a\n")).hasSize(1);
      assertThat(score(scorer, "3,i4,feed,x7.0,9.5,a\n")).hasSize(1);
    }
  }

  @Test
  void indicesOfADictionaryAreNoValues() {
    FieldType type =
        new FieldType(true, new ArrowType.Int(32, true), new DictionaryEncoding(1, false, null));
    try (Scorer scorer = Scorer.load(bundle);
        BufferAllocator allocator = new RootAllocator();
        IntVector user = new IntVector("user", type, allocator);
        IntVector hour = new IntVector("hour", allocator);
        VarCharVector item = new VarCharVector("item", allocator);
        VarCharVector scenario = new VarCharVector("scenario", allocator);
        VarCharVector tags = new VarCharVector("tags", allocator);
        Float8Vector price = new Float8Vector("price", allocator);
        VectorSchemaRoot root = VectorSchemaRoot.of(user, item, scenario, hour, price, tags)) {
      user.setSafe(0, 0);
      hour.setSafe(0, 7);
      item.setSafe(0, new byte[] {'i'});
      scenario.setSafe(0, new byte[] {'f', 'e', 'e', 'd'});
      root.setRowCount(1);

      assertThatThrownBy(() -> scorer.score(root))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("Column 'user' is dictionary-encoded");
    }
  }

  @Test
  void noRowsAreNoScoresAndNoRowIsNamed() {
    try (Scorer scorer = Scorer.load(bundle)) {
      assertThat(scorer.score(List.of())).isEmpty();
      List<Map<String, Object>> rows = new ArrayList<>(List.of(row(3)));
      rows.add(null);
      assertThatThrownBy(() -> scorer.score(rows)).hasMessageContaining("Row 1 is null");
    }
  }

  /** A service may put rows of several callers into one call. */
  @Test
  void aRowGetsTheSameBesideRowsThatBringMore() {
    try (Scorer scorer = Scorer.load(bundle)) {
      Map<String, Object> more = new HashMap<>(row(5));
      more.put("city", "c3");
      float alone = scorer.score(List.of(row(3)))[0];
      float other = scorer.score(List.of(more))[0];

      assertThat(scorer.score(List.of(row(3), more)))
          .containsExactly(new float[] {alone, other}, within(1e-6f));
      assertThat(scorer.score(List.of(row(5)))[0]).as("city counts").isNotEqualTo(other);

      Map<String, Object> less = new HashMap<>(row(3));
      less.remove("hour");
      assertThatThrownBy(() -> scorer.score(List.of(row(3), less)))
          .hasMessageContaining("[data/MISSING_COLUMN] Row 1 has no hour");
    }
  }

  @Test
  void anEmptyTextIsAMissingNumberInFilesAndMaps() throws IOException {
    try (Scorer scorer = Scorer.load(bundle)) {
      Map<String, Object> empty = new HashMap<>(row(3));
      empty.put("price", "");
      Map<String, Object> none = new HashMap<>(row(3));
      none.put("price", null);

      assertThat(scorer.score(List.of(empty))).isEqualTo(scorer.score(List.of(none)));
      assertThat(score(scorer, "3,i4,feed,7,,a|b\n")).isEqualTo(scorer.score(List.of(none)));
    }
  }

  @Test
  void aSecondJobOnTheSameFileIsRefusedAndTheFirstGoesOn() throws IOException {
    Path rows = csv("many.csv", ROW.repeat(30_000));
    Path out = folder.resolve("many.arrow");
    ScoringRequest request =
        new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.STRICT, 10_000);
    List<String> codes = new ArrayList<>();
    try (Scorer scorer = Scorer.load(bundle);
        Scorer other = Scorer.load(bundle)) {
      scorer.score(
          request,
          (done, total) -> {
            try {
              other.score(request, Progress.NONE);
            } catch (MsrException e) {
              codes.add(e.code());
            }
          });

      assertThat(codes).isNotEmpty().containsOnly("score/IN_USE");
      float[] scores = BundleTest.floats(out, "score");
      assertThat(scores).hasSize(30_000).containsOnly(scores[0]);
      assertThat(folder.resolve("many.arrow.parts")).doesNotExist();
      assertThatThrownBy(() -> other.score(request, Progress.NONE))
          .hasMessageContaining("[score/EXISTS]");
      assertThat(folder.resolve("many.arrow.parts")).doesNotExist();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"row", "score", "Score", "User"})
  void aNameOfTheScoresCannotBeKeptAgain(String name) throws IOException {
    Path rows = Files.writeString(folder.resolve("own.csv"), name + "," + HEADER + "1," + ROW);
    Path out = folder.resolve("own.arrow");

    assertThat(
            refusal(
                new ScoringRequest(rows, out, List.of("user", name), "|", false, Policy.STRICT)))
        .hasMessageContaining("The column " + name + " of " + rows + " cannot be kept");
    assertThat(folder.resolve("own.arrow.parts")).doesNotExist();
  }

  @Test
  void theRowsAreNotReplacedByTheirScores() throws IOException {
    Path rows = csv("both.csv", ROW);

    assertThat(refusal(new ScoringRequest(rows, rows, List.of(), "|", true, Policy.STRICT)))
        .hasMessageContaining("both.csv holds the rows; the scores need another file");
    assertThat(rows).hasContent(HEADER + ROW);
  }
}
