package org.llm4msr.runtime.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;

/** Files of rows that become files of scores, with a model that says which user it reads. */
class FileScoringTest {

  private static final int ROWS = 60;
  private static final String HEADER = "user,item,scenario,hour,price\n";
  private static final String ROW = "3,i4,feed,7,9.5\n";

  @TempDir static Path prepared;
  private static RowEncoder encoder;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() {
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                column(i -> String.valueOf(i % 5)),
                "item",
                column(i -> "i" + i % 7),
                "scenario",
                column(i -> i % 2 == 0 ? "feed" : "search"),
                "label",
                column(i -> i % 3 == 0 ? 1L : 0L),
                "hour",
                column(i -> String.valueOf(7 + i % 3)),
                "price",
                column(i -> i % 2 == 0 ? 8.0 : 12.0))
            .field("hour", RawTable.INTERACTIONS, new FieldKind.Categorical())
            .field("price", RawTable.INTERACTIONS, new FieldKind.Numeric());
    Path target = prepared.resolve("data");
    Preparations.prepare(
            reader,
            Preparations.config(Preparations.split(SplitConfig.By.RANDOM), 1, "feed", "search"),
            target)
        .close();
    encoder = RowEncoder.open(target);
  }

  private static <T> List<T> column(IntFunction<T> value) {
    return IntStream.range(0, ROWS).mapToObj(value).toList();
  }

  /** Returns the score of a user's rows. */
  private static float scoreOf(String user) {
    int index = encoder.userKeys().indexOf(user);
    return (index < 0 ? encoder.userKeys().size() : index) / 8f;
  }

  /** Encodes rows as a scorer does. */
  private static RowScores model(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    RowBinding binding = encoder.bind(rows.columns());
    Batch batch = binding.newBatch(rows.size());
    int[] places = IntStream.range(0, rows.size()).toArray();
    if (malformed == null) {
      binding.encode(rows, 0, rows.size(), first, batch);
    } else {
      binding.encodeReadable(rows, 0, rows.size(), first, batch, places, malformed);
    }
    float[] scores = new float[rows.size()];
    Arrays.fill(scores, Float.NaN);
    for (int i = 0; i < batch.size; i++) {
      scores[places[i]] = batch.user[i] / 8f;
    }
    return new RowScores(scores, new float[0][], UnknownIds.of(batch, encoder));
  }

  private ScoringReport score(ScoringRequest request, String model, Progress progress) {
    try {
      Path scratch = Files.createTempDirectory(folder, "scratch");
      return new FileScoring(FileScoringTest::model, encoder.columns(), request, List.of(), false)
          .run(model, scratch, progress);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ScoringReport score(ScoringRequest request) {
    return score(request, "model", Progress.NONE);
  }

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("rows.csv"), HEADER + text);
  }

  private Path out() {
    return folder.resolve("scores.arrow");
  }

  private Path parts() {
    return folder.resolve("scores.arrow.parts");
  }

  private static ScoringRequest skipping(Path rows, Path out) {
    return new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.SKIP, 2);
  }

  private static ScoringRequest strict(Path rows, Path out, int partRows, String... keep) {
    return new ScoringRequest(rows, out, List.of(keep), "|", false, Policy.STRICT, partRows);
  }

  /** Returns the values of a column of scores. */
  private static List<Object> values(Path file, String column) throws IOException {
    List<Object> all = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        FieldVector values = reader.getVectorSchemaRoot().getVector(column);
        for (int i = 0; i < values.getValueCount(); i++) {
          Object value = values.getObject(i);
          all.add(value == null || value instanceof Number ? value : value.toString());
        }
      }
    }
    return all;
  }

  @Test
  void eachRowHasItsScoreAndWhatIsKept() throws IOException {
    Path rows = csv("3,i4,feed,7,9.5\n0,i4,search,8,\nnew,i9,feed,9,1\n");

    ScoringReport report = score(strict(rows, out(), 2, "price", "user"));

    assertThat(report.out()).isEqualTo(out());
    assertThat(report.rows()).isEqualTo(3);
    assertThat(report.resumedAt()).isZero();
    assertThat(report.malformed()).isZero();
    assertThat(values(out(), "row")).containsExactly(0L, 1L, 2L);
    assertThat(values(out(), "score")).containsExactly(scoreOf("3"), scoreOf("0"), scoreOf("new"));
    assertThat(values(out(), "price")).containsExactly("9.5", null, "1");
    assertThat(values(out(), "user")).containsExactly("3", "0", "new");
    assertThat(parts()).doesNotExist();
  }

  /** Row 1 is short, 3 long, 4 has no number, 6 no known scenario; 5 has a line break. */
  @Test
  void rowsThatCannotBeReadAreReportedAndTheOthersScored() throws IOException {
    Path rows =
        csv(
            ROW
                + "3,i4,feed\n"
                + ROW
                + "3,i4,feed,7,9.5,b,c\n"
                + "3,i4,feed,7,cheap\n"
                + "\"a\nb\",i4,feed,,\n"
                + "3,i4,mall,7,9.5\n");

    ScoringReport report = score(skipping(rows, out()));

    assertThat(report.rows()).isEqualTo(7);
    assertThat(report.malformed()).isEqualTo(4);
    List<String> problems =
        List.of(
            "Row 1 has 3 values, but the header names 5 columns. Fix it, or leave it out.",
            "Row 3 has 7 values, but the header names 5 columns. Fix it, or leave it out.",
            "Column 'price' has 'cheap' in row 4; expected a number. Fix the row or leave the value"
                + " empty.",
            "Column 'scenario' has 'mall' in row 6; the model knows [feed, search]. Leave such rows"
                + " out, or train a model with this scenario.");
    assertThat(report.problems())
        .extracting(RowProblem::row, RowProblem::problem)
        .containsExactly(
            tuple(1L, problems.get(0)),
            tuple(3L, problems.get(1)),
            tuple(4L, problems.get(2)),
            tuple(6L, problems.get(3)));
    assertThat(values(out(), "row")).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(values(out(), "user")).containsExactly("3", "3", "3", "3", "3", "a\nb", "3");
    assertThat(values(out(), "score"))
        .containsExactly(scoreOf("3"), null, scoreOf("3"), null, null, scoreOf("a\nb"), null);
    assertThat(values(out(), "problem"))
        .containsExactly(
            null, problems.get(0), null, problems.get(1), problems.get(2), null, problems.get(3));

    Path asCsv = folder.resolve("scores.csv");
    score(skipping(rows, asCsv));
    assertThat(Files.readAllLines(asCsv))
        .contains("row,user,score,problem")
        .anyMatch(line -> line.startsWith("1,3,,\"Row 1 has 3 values"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3,i4,feed\n", "\"3,i4,feed,7,9.5\n"})
  void aFileThatCannotBeReadLeavesNothing(String wrong) throws IOException {
    Path rows = csv(ROW + wrong + ROW);

    assertThatThrownBy(() -> score(new ScoringRequest(rows, out())))
        .hasMessageStartingWith("[data/BAD_ROWS] " + rows + " cannot be read: ");
    assertThat(parts()).doesNotExist();
  }

  @Test
  void aFileWithoutAReadableRowIsAnError() throws IOException {
    Path rows = csv("3,i4,mall,7,9.5\n".repeat(3));

    assertThatThrownBy(() -> score(new ScoringRequest(rows, out())))
        .hasMessageStartingWith("[data/UNKNOWN_SCENARIO] " + rows + ": Column 'scenario'")
        .hasMessageEndingWith(" To score the other rows, add --malformed skip.");
    assertThatThrownBy(() -> score(skipping(rows, out())))
        .hasMessageStartingWith(
            "[score/NO_SCORES] "
                + rows
                + ": none of its 3 rows can be read. The first: Column 'scenario' has 'mall' in row"
                + " 0;");
    assertThat(out()).doesNotExist();
    assertThat(parts()).doesNotExist();
  }

  @Test
  void rowsOfParquetAreReportedToo() throws IOException, SQLException {
    Path rows = folder.resolve("rows.parquet");
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          """
          COPY (SELECT 3 AS user, 'i4' AS item, s AS scenario, h AS hour, 9.5::DOUBLE AS price
            FROM (VALUES ('feed', '7'), ('mall', '7'), ('feed', '7.0'), ('feed', '7')) t(s, h))
            TO '%s' (FORMAT parquet)"""
              .formatted(rows));
    }

    ScoringReport report = score(skipping(rows, out()));

    assertThat(report.problems()).extracting(RowProblem::row).containsExactly(1L, 2L);
    assertThat(report.problems().get(1).problem())
        .startsWith("Column 'hour' has '7.0' in row 2; the model knows '7'.");
    assertThat(values(out(), "score")).containsExactly(scoreOf("3"), null, null, scoreOf("3"));
  }

  private static void stop(long done, long total) {
    throw new IllegalStateException("stopped");
  }

  /** What was scored before is counted with what is left. */
  @Test
  void aStoppedJobGoesOnAndCountsAllItsProblems() throws IOException {
    String wrong = "3,i4,mall,7,9.5\n";
    ScoringRequest request = skipping(csv(wrong + ROW + ROW + wrong + ROW), out());
    assertThatThrownBy(() -> score(request, "model", FileScoringTest::stop))
        .hasMessageContaining("stopped");

    ScoringReport report = score(request);

    assertThat(report.resumedAt()).isPositive();
    assertThat(report.rows()).isEqualTo(5);
    assertThat(report.malformed()).isEqualTo(2);
    assertThat(report.problems()).extracting(RowProblem::row).containsExactly(0L, 3L);
    assertThat(values(out(), "score"))
        .containsExactly(null, scoreOf("3"), scoreOf("3"), null, scoreOf("3"));
  }

  /** A row without a user names none that is known; rows that cannot be read name nobody. */
  @Test
  void idsThatTheModelDoesNotKnowAreCountedAlsoThoseOfRowsBefore() throws IOException {
    String user = "new,i4,feed,7,9.5\n";
    String both = ",i9,feed,7,9.5\n";
    String wrong = "new,i9,mall,7,9.5\n";
    ScoringRequest request = skipping(csv(user + both + ROW + wrong + both), out());
    assertThatThrownBy(() -> score(request, "model", FileScoringTest::stop))
        .hasMessageContaining("stopped");

    ScoringReport report = score(request);

    assertThat(report.resumedAt()).isPositive();
    assertThat(report.unknown()).isEqualTo(new UnknownIds(3, 2));
  }

  @Test
  void partsOfAnotherModelAreNotGoneOnWith() throws IOException {
    ScoringRequest request = strict(csv(ROW.repeat(3)), out(), 1);
    assertThatThrownBy(() -> score(request, "model", FileScoringTest::stop))
        .hasMessageContaining("stopped");
    assertThat(parts()).isNotEmptyDirectory();

    assertThatThrownBy(() -> score(request, "another", Progress.NONE))
        .hasMessageContaining("score/OTHER_JOB");
  }

  @Test
  void digitsOfTheLocaleChangeNothing() throws IOException {
    Path rows = csv(ROW.repeat(3));
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("fa-IR"));
      score(strict(rows, out(), 1, "user"));
    } finally {
      Locale.setDefault(before);
    }
    assertThat(values(out(), "score")).containsExactly(scoreOf("3"), scoreOf("3"), scoreOf("3"));
  }

  @Test
  void aFolderOfAnotherPurposeIsLeftAlone() throws IOException {
    Path rows = csv(ROW);
    Path mine = Files.createDirectories(parts()).resolve("notes.txt");
    Files.writeString(mine, "mine");

    assertThatThrownBy(() -> score(new ScoringRequest(rows, out())))
        .hasMessage(
            "[score/IN_THE_WAY] %s is where parts of the scores would go, but holds something"
                + " else. Choose another file, or move it away.",
            mine.getParent());
    assertThat(mine).hasContent("mine");
  }

  @Test
  void aSecondJobOnTheSameFileIsRefusedAndTheFirstGoesOn() throws IOException {
    ScoringRequest request = strict(csv(ROW.repeat(30_000)), out(), 10_000, "user");
    List<String> codes = new ArrayList<>();

    score(
        request,
        "model",
        (done, total) -> {
          try {
            score(request);
          } catch (MsrException e) {
            codes.add(e.code());
          }
        });

    assertThat(codes).isNotEmpty().containsOnly("score/IN_USE");
    assertThat(values(out(), "score")).hasSize(30_000).containsOnly(scoreOf("3"));
    assertThat(parts()).doesNotExist();
    assertThatThrownBy(() -> score(request)).hasMessageContaining("[score/EXISTS]");
    assertThat(parts()).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"row", "score", "Score", "User"})
  void aNameOfTheScoresCannotBeKeptAgain(String name) throws IOException {
    Path rows = Files.writeString(folder.resolve("own.csv"), name + "," + HEADER + "1," + ROW);

    assertThatThrownBy(() -> score(strict(rows, out(), 1000, "user", name)))
        .hasMessageContaining("The column " + name + " of " + rows + " cannot be kept");
    assertThat(parts()).doesNotExist();
  }

  @Test
  void aColumnThatTheFileLacksCannotBeKept() throws IOException {
    assertThatThrownBy(() -> score(strict(csv(ROW), out(), 1000, "note")))
        .hasMessageContaining("has no column note to keep; it has user, item, scenario, hour");
    assertThat(parts()).doesNotExist();
  }

  @Test
  void aColumnThatTheModelNeedsIsToldAsSuch() throws IOException {
    Path rows = Files.writeString(folder.resolve("rows.csv"), "user,item,hour,price\n3,i4,7,9.5\n");
    assertThatThrownBy(() -> score(new ScoringRequest(rows, out())))
        .hasMessage(
            "[score/MISSING_COLUMN] %s has no column scenario that the model needs; it has user,"
                + " item, hour, price.",
            rows);
  }

  @ParameterizedTest
  @ValueSource(strings = {";", "\t", "|"})
  void aFileWithAnotherSeparatorIsTold(String separator) throws IOException {
    String text = (HEADER + ROW).replace(",", separator);
    Path rows = Files.writeString(folder.resolve("rows.csv"), text);
    assertThatThrownBy(() -> score(new ScoringRequest(rows, out())))
        .hasMessageContaining("rows.csv has no column user, item, scenario that the model needs;")
        .hasMessageEndingWith(
            " Its columns are separated by '"
                + separator.replace("\t", "\\t")
                + "': name that as --delimiter.");
    ScoringRequest named = new ScoringRequest(rows, out()).withDelimiter(separator);
    assertThat(score(named).rows()).isEqualTo(1);
    assertThat(values(out(), "score")).containsExactly(scoreOf("3"));
  }

  @Test
  void theRowsAreNotReplacedByTheirScores() throws IOException {
    Path rows = csv(ROW);

    assertThatThrownBy(
            () -> score(new ScoringRequest(rows, rows, List.of(), "|", true, Policy.STRICT)))
        .hasMessageContaining("rows.csv holds the rows; the scores need another file");
    assertThat(rows).hasContent(HEADER + ROW);
  }
}
