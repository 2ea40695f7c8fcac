package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.input.TextFile;
import org.llm4msr.plugins.datasets.published.AmazonConfig;
import org.llm4msr.plugins.datasets.published.AmazonFactory;
import org.llm4msr.plugins.datasets.published.MovieLensConfig;
import org.llm4msr.plugins.datasets.published.MovieLensFactory;
import org.llm4msr.plugins.datasets.table.TableConfig;
import org.llm4msr.plugins.datasets.table.TableFactory;
import org.llm4msr.plugins.datasets.table.TableSettings;

/** What files have that should not, read by the readers of delimited text and of JSON lines. */
class FaultsTest {

  private static final String HEADER = "userId,movieId,rating,timestamp\n";

  @TempDir Path folder;
  @TempDir Path scratch;

  private void ratings(byte[] bytes) throws IOException {
    Files.write(folder.resolve("ratings.csv"), bytes);
    Files.writeString(folder.resolve("movies.csv"), "movieId,title,genres\n1,A,Drama\n");
  }

  private void ratings(String text) throws IOException {
    ratings(text.getBytes(UTF_8));
  }

  private DatasetReader reader(DatasetContext context) {
    return new MovieLensFactory()
        .create(new MovieLensConfig(3, MovieLensConfig.ScenarioBy.GENRE), context);
  }

  private List<Map<String, String>> read() throws IOException {
    try (DatasetReader reader = reader(Contexts.of(folder, scratch))) {
      return Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  private void fails(String... parts) {
    assertThatThrownBy(this::read)
        .isInstanceOfSatisfying(
            MsrException.class, e -> assertThat(e.type()).isEqualTo(ErrorType.DATA))
        .hasMessageContainingAll(parts);
  }

  @Test
  void aMarkOfTheByteOrderAndLineEndsOfWindowsAreRead() throws IOException {
    ratings('\ufeff' + HEADER.replace("\n", "\r\n") + "1,1,4.0,9\r\n2,1,3.0,9\r\n");
    assertThat(read()).extracting(row -> row.get("user")).containsExactly("1", "2");
  }

  /** As where the right to read is missing, which no user root notices. */
  @Test
  void aFileThatCannotBeReadIsTold() {
    assertThatThrownBy(() -> TextFile.firstLine(folder))
        .hasMessage(
            "[data/UNREADABLE] %s cannot be read: Is a directory. Check its permissions and the"
                + " disk.",
            folder);
    assertThat(TextFile.unreadable(folder, new AccessDeniedException(folder.toString())))
        .hasMessageContaining(folder + " cannot be read: no permission to read it. Check");
  }

  @Test
  void mixedLineEndsAreRead() throws IOException {
    ratings(HEADER + "1,1,4.0,9\r\n2,1,3.0,9\n3,1,3.0,9\r4,1,3.0,9");
    assertThat(read()).extracting(row -> row.get("user")).containsExactly("1", "2", "3", "4");
    ratings(HEADER + "1,1,4.0,9\r\n2,1,3.0,9\n3,1,x,9\r4,1,3.0,9\r\n5,1,2.0,9");
    fails("ratings.csv, line 4: column 'rating' has 'x', which is not a number.");
  }

  @Test
  void mixedLineEndsAreReadWhereMalformedRowsAreSkipped() throws IOException {
    ratings(HEADER + "1,1,4.0,9\r\n2,1,3.0,9\n3,1,x,9\r4,1,3.0,9\r\n5,1,2.0,9");
    skips(List.of("1", "2", "4", "5"), "4 rating 3,1,x,9");
  }

  @Test
  void aLostQuoteTakesNoOtherRowAlong() throws IOException {
    StringBuilder text =
        new StringBuilder("movieId,title,genres\n1,\"A, or B\",Drama\n2,\"C,Drama\n");
    String rest = "," + "T".repeat(100) + ",Drama\n";
    for (int i = 3; i < 25_000; i++) {
      text.append(i).append(rest);
    }
    ratings(HEADER + "1,1,4.0,9\n");
    for (String end : List.of("", "25000,\"U, or V\",Drama\n")) {
      Files.writeString(folder.resolve("movies.csv"), text + end);
      try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
        List<Map<String, String>> items = Rows.of(reader, RawTable.ITEMS);
        assertThat(items).hasSize(end.isEmpty() ? 24_998 : 24_999);
        assertThat(items.get(0)).containsEntry("title", "A, or B");
        assertThat(rejected(reader)).containsExactly("3  2,\"C,Drama");
      }
    }
  }

  @Test
  void aLineOfQuotesIsCountedToo() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Files.writeString(
        folder.resolve("movies.csv"), "movieId,title,genres\n1,A,Drama\n\"\n2,B,Drama\n");
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(2);
      assertThat(reader.leftOut()).singleElement().returns(1L, LeftOutRows::rows);
    }
  }

  @Test
  void aValueOfSeveralLinesStaysWhereOthersAreMended() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Files.writeString(
        folder.resolve("movies.csv"),
        "movieId,title,genres\r\n1,\"A\r\n\"\"B\"\"\",Drama\r\n2,\"C\nD\",Drama\n3,E\"F,Drama\n4,G,,H\n");
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("title"))
          .containsExactly("A\r\n\"B\"", "C\nD", "E\"F");
      assertThat(rejected(reader)).containsExactly("7  4,G,,H");
    }
  }

  @Test
  void rowsThatDuckDbDoesNotReadAreNotTakenForThoseThatBreakARule() throws IOException {
    // Line 2 is the first that DuckDB leaves out, and the first that it reads.
    ratings(HEADER + "1,1,4.0,9,9\n,1,4.0,9\n3,1,4.0,9\n");
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1);
      assertThat(reader.leftOut()).singleElement().returns(2L, LeftOutRows::rows);
    }
  }

  @Test
  void placesAreLinesWhereValuesGoOverSeveralAndLinesAreBlank() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Path movies = folder.resolve("movies.csv");
    String start = "movieId,title,genres\n1,\"A\n\n\"\"B\"\"\",Drama\n\n2,\"C\nD\",Drama\n";
    Map<String, String> faults =
        Map.of(
            "x,\"E\nF\",Drama", "line 8: column 'movieId' has 'x', which is not a whole number.",
            ",\"E\nF\",Drama", "line 8: column 'movieId' has '', which is not a value.",
            "3,E", "line 8: the row has 2 columns, the header 3.");
    for (Map.Entry<String, String> fault : faults.entrySet()) {
      Files.writeString(movies, start + fault.getKey() + "\n4,G,Drama\n");
      try (DatasetReader reader = reader(Contexts.of(folder, scratch))) {
        assertThatThrownBy(() -> Rows.of(reader, RawTable.ITEMS))
            .hasMessageContaining(movies + ", " + fault.getValue());
      }
    }
    Files.writeString(movies, start + String.join("\n\n", faults.keySet()) + "\n,G,Drama\n");
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(2);
      assertThat(reader.leftOut())
          .flatExtracting(LeftOutRows::examples)
          .hasSize(4)
          .last()
          .isEqualTo(new LeftOutRows.Example(movies.toString(), 15, "movieId", ",G,Drama"));
    }
  }

  /** Rows that DuckDB does not read, rows that break a rule, values of several lines, blanks. */
  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "gz"})
  void everySkippedRowHasItsLine(String kind) throws IOException {
    String end = kind.equals("gz") ? "\n" : kind;
    Random random = new Random(kind.hashCode());
    StringBuilder text = new StringBuilder("user,item,label,title" + end);
    List<LeftOutRows.Example> expected = new ArrayList<>();
    int line = 2;
    for (int i = 0; i < 50_000; i++) {
      int choice = random.nextInt(1000);
      String column = choice == 0 ? "" : choice < 3 ? "label" : choice == 3 ? "user" : "none";
      String row =
          switch (choice) {
            case 0 -> i + ",2";
            case 1 -> i + ",2,3,\"x" + end + "y\"";
            case 2 -> i + ",2,z,";
            case 3 -> ",2,1,";
            default -> choice < 40 ? "" : i + ",2,1," + (choice < 200 ? "\"a" + end + "b\"" : "t");
          };
      if (!column.equals("none")) {
        expected.add(new LeftOutRows.Example("", line, column, row));
      }
      text.append(row).append(end);
      line += 1 + (int) row.chars().filter(next -> next == '\n').count();
    }
    String name = "log.csv" + (kind.equals("gz") ? ".gz" : "");
    try (OutputStream file = Files.newOutputStream(folder.resolve(name));
        OutputStream out = kind.equals("gz") ? new GZIPOutputStream(file) : file) {
      out.write(text.toString().getBytes(UTF_8));
    }
    try (DatasetReader reader =
        new TableFactory().create(log(name), Contexts.skipping(folder, scratch))) {
      Rows.of(reader, RawTable.INTERACTIONS);
      LeftOutRows left = reader.leftOut().get(0);
      assertThat(left.rows()).isEqualTo(expected.size());
      assertThat(left.examples())
          .hasSize(100)
          .extracting(row -> row.line() + " " + row.text())
          .isSubsetOf(expected.stream().map(row -> row.line() + " " + row.text()).toList());
    }
  }

  @Test
  void filmsWithoutAnIdAreSkippedAndCountedToo() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Files.writeString(folder.resolve("movies.csv"), "movieId,title,genres\n,A,Drama\n1,B,Drama\n");
    try (DatasetReader reader = reader(Contexts.of(folder, scratch))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.ITEMS))
          .hasMessageContaining("movies.csv, line 2: column 'movieId' has ''");
    }
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(1);
      assertThat(rejected(reader)).containsExactly("2 movieId ,A,Drama");
    }
  }

  @Test
  void aQuoteLostInTheHeaderAndAFileOfNothingAreNamed() throws IOException {
    ratings(HEADER.replace("rating", "\"rating") + "1,1,4.0,9\n");
    fails("ratings.csv, line 1: a quoted value does not end.");
    Files.writeString(folder.resolve("reviews_Beauty_5.json"), "");
    AmazonConfig config =
        new AmazonConfig(List.of(), AmazonConfig.Label.RATING, 3, false, false, false);
    assertThatThrownBy(() -> new AmazonFactory().create(config, Contexts.of(folder, scratch)))
        .hasMessageContaining(
            "reviews_Beauty_5.json is empty. If it was downloaded, download it again.");
  }

  @Test
  void metadataOfPythonMayBeginWithAMarkAndABlankLineAndMustBeInUtf8() throws IOException {
    Files.writeString(
        folder.resolve("Books_5.json"),
        "{\"reviewerID\": \"A\", \"asin\": \"P\", \"overall\": 4, \"unixReviewTime\": 9}\n");
    Path metadata = folder.resolve("meta_Books.json");
    AmazonConfig config =
        new AmazonConfig(List.of(), AmazonConfig.Label.RATING, 3, true, false, false);
    String text = "{'asin': 'P', 'title': \"Am\u00e9lie's\"}\n{'asin': 'Q', 'title': 'T'}\n";
    for (String start : List.of("\ufeff", "\n\n", "\ufeff\n")) {
      Files.writeString(metadata, start + text);
      try (DatasetReader reader =
          new AmazonFactory().create(config, Contexts.of(folder, scratch))) {
        assertThat(Rows.of(reader, RawTable.ITEMS))
            .extracting(row -> row.get("title"))
            .containsExactly("Am\u00e9lie's", "T");
      }
    }
    Files.write(metadata, text.getBytes(ISO_8859_1));
    try (DatasetReader reader = new AmazonFactory().create(config, Contexts.of(folder, scratch))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.ITEMS))
          .hasMessageContaining("meta_Books.json, line 1: the line is not in UTF-8.");
    }
    try (DatasetReader reader =
        new AmazonFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(1);
      assertThat(reader.leftOut()).singleElement().returns(1L, LeftOutRows::rows);
    }
  }

  private void skips(List<String> users, String... rejected) throws IOException {
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactlyElementsOf(users);
      assertThat(rejected(reader)).containsExactly(rejected);
    }
  }

  private static List<String> rejected(DatasetReader reader) {
    return reader.leftOut().stream()
        .flatMap(group -> group.examples().stream())
        .map(of -> of.line() + " " + of.column() + " " + of.text())
        .toList();
  }

  @Test
  void anotherEncodingIsRefusedWithItsLine() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Files.write(
        folder.resolve("movies.csv"),
        "movieId,title,genres\n1,Am\u00e9lie,Drama\n".getBytes(ISO_8859_1));
    try (DatasetReader reader = reader(Contexts.of(folder, scratch))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.ITEMS))
          .hasMessageContaining("movies.csv, line 2: the line is not in UTF-8.");
    }
  }

  @Test
  void aQuoteThatDoesNotEndIsRefused() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n");
    Files.writeString(folder.resolve("movies.csv"), "movieId,title,genres\n1,\"A,Drama\n");
    fails("movies.csv, line 2: a quoted value does not end where its column does.");
  }

  @Test
  void idsBeyondThirtyTwoBitsAndRepeatedRowsAreKept() throws IOException {
    ratings(HEADER + "9000000000000,1,4.0,9\n9000000000000,1,4.0,9\n");
    assertThat(read())
        .extracting(row -> row.get("user"))
        .containsExactly("9000000000000", "9000000000000");
    ratings(HEADER + "99999999999999999999,1,4.0,9\n");
    fails("line 2: column 'userId' has '99999999999999999999', which is not a whole number.");
  }

  @Test
  void aRatingThatIsNoNumberIsRefusedWithItsPlace() throws IOException {
    ratings(HEADER + "1,1,5,9\n1,1,NaN,9\n");
    fails("ratings.csv, line 3: column 'rating' has 'nan', which is not a number.");
    ratings(HEADER + "1,1,,9\n");
    fails("ratings.csv, line 2: column 'rating' has '', which is not a number.");
  }

  @Test
  void aFileThatIsCutOffIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write("user,item,label\n".getBytes(UTF_8));
      gzip.write("1,2,1\n".repeat(10_000).getBytes(UTF_8));
    }
    Path log = folder.resolve("log.csv.gz");
    Files.write(log, bytes.toByteArray());
    assertThat(rowsOfLog()).hasSize(10_000);
    Files.write(log, Arrays.copyOf(bytes.toByteArray(), bytes.size() - 20));
    assertThatThrownBy(() -> rowsOfLog())
        .hasMessageContaining("data/DAMAGED_GZIP")
        .hasMessageContaining("log.csv.gz is cut off");
    byte[] changed = bytes.toByteArray();
    changed[bytes.size() - 6] ^= 1; // In the checksum.
    Files.write(log, changed);
    assertThatThrownBy(() -> rowsOfLog()).hasMessageContaining("data/DAMAGED_GZIP");
  }

  private static TableConfig log(String file) {
    return TableSettings.of(file);
  }

  private List<Map<String, String>> rowsOfLog() throws IOException {
    try (DatasetReader reader =
        new TableFactory().create(log("log.csv.gz"), Contexts.of(folder, scratch))) {
      return Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  @Test
  void malformedRowsAreCountedAndShownWhereTheyAreSkipped() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n1,one,4.0,9\n2,1\n3,1,good,9\n4,1,2.0,9\n5,1,2.0,9,9\n");
    try (DatasetReader reader = reader(Contexts.skipping(folder, scratch))) {
      for (int time = 0; time < 2; time++) {
        assertThat(Rows.of(reader, RawTable.INTERACTIONS))
            .extracting(row -> row.get("user"))
            .containsExactly("1", "4");
        Rows.of(reader, RawTable.ITEMS);
      }
      String file = folder.resolve("ratings.csv").toString();
      assertThat(reader.leftOut())
          .singleElement()
          .satisfies(
              group -> {
                assertThat(group.rows()).isEqualTo(4);
                assertThat(group.malformed()).isTrue();
                assertThat(group.examples())
                    .startsWith(new LeftOutRows.Example(file, 3, "movieId", "1,one,4.0,9"))
                    .extracting(LeftOutRows.Example::line)
                    .containsExactly(3L, 4L, 5L, 7L);
              });
    }
  }

  @Test
  void rowsThatBreakARuleAreSkippedAndCounted() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n,1,4.0,9\n3,1,NaN,9\n4,1,4.0,1600000000000\n,1,,9\n5,1,2.0,9\n");
    skips(
        List.of("1", "5"),
        "3 userId ,1,4.0,9",
        "4 rating 3,1,NaN,9",
        "5 timestamp 4,1,4.0,1600000000000",
        "6 userId ,1,,9");
  }

  @Test
  void aLineThatIsTooLongIsSkippedAndCounted() throws IOException {
    String row = "2,1," + "4".repeat(5_000_000) + ",9";
    String shown = "2,1," + "4".repeat(76) + "...";
    for (String rest : List.of("\n3,1,4.0,9\n", "\n", "")) {
      ratings(HEADER + "1,1,4.0,9\n" + row + rest);
      skips(rest.length() > 1 ? List.of("1", "3") : List.of("1"), "3  " + shown);
    }
  }

  @Test
  void aLineOfJsonThatIsTooLongIsSkippedAndCounted() throws IOException {
    String review =
        "{\"reviewerID\": \"%s\", \"asin\": \"P\", \"overall\": 4, \"unixReviewTime\": 9}\n";
    String item = "{'asin': '%s', 'title': 'T'}\n";
    Files.writeString(
        folder.resolve("Books_5.json"),
        review.formatted("A") + review.formatted("a".repeat(5_000_000)) + review.formatted("B"));
    Files.writeString(
        folder.resolve("meta_Books.json"),
        item.formatted("P") + item.formatted("p".repeat(5_000_000)) + item.formatted("Q"));
    AmazonConfig config =
        new AmazonConfig(List.of(), AmazonConfig.Label.RATING, 3, true, false, false);
    try (DatasetReader reader =
        new AmazonFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("A", "B");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item"))
          .containsExactly("P", "Q");
      assertThat(reader.leftOut())
          .singleElement()
          .satisfies(
              group ->
                  assertThat(group.examples())
                      .extracting(of -> Path.of(of.file()).getFileName() + " " + of.line())
                      .containsExactly("Books_5.json 2", "meta_Books.json 2"));
    }
  }

  @Test
  void aLineOfJsonThatIsTooLongIsNamed() throws IOException {
    String row =
        "{\"reviewerID\": \"%s\", \"asin\": \"P\", \"overall\": 4, \"unixReviewTime\": 9}\n";
    Path file = folder.resolve("Books_5.json");
    Files.writeString(
        file, row.formatted("A") + row.formatted("a".repeat(5_000_000)) + row.formatted("B"));
    AmazonConfig config =
        new AmazonConfig(List.of(), AmazonConfig.Label.RATING, 3, false, false, false);
    try (DatasetReader reader = new AmazonFactory().create(config, Contexts.of(folder, scratch))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(file + ", line 2: the line is longer than 2000000 bytes.");
    }
  }

  @Test
  void aLineBeyondTheBufferOfARowIsNamed() throws IOException {
    ratings(HEADER + "1,1,4.0,9\n2,1," + "4".repeat(5_000_000) + ",9\n3,1,4.0,9\n");
    fails("ratings.csv, line 3: the line is longer than 2000000 bytes.");
  }

  @Test
  void filesOfAnotherKindAreNamed() throws IOException {
    ratings(new byte[] {0x1f, (byte) 0x8b, 8, 0});
    fails("ratings.csv is compressed with gzip. Give it a name that ends in .gz.");
    ratings(new byte[] {'P', 'K', 3, 4});
    fails("ratings.csv is a zip archive. Unpack it.");
    ratings(HEADER.getBytes(StandardCharsets.UTF_16));
    fails("ratings.csv is in UTF-16. Convert it to UTF-8.");
    ratings("");
    fails("ratings.csv is empty. If it was downloaded, download it again.");
    ratings("\n");
    fails("ratings.csv has an empty first line");
  }

  @Test
  void malformedObjectsAreCountedAndShownWhereTheyAreSkipped() throws IOException {
    String row =
        "{\"reviewerID\": \"A%s\", \"asin\": \"P\", \"overall\": %s, \"unixReviewTime\": 9}\n";
    Files.writeString(
        folder.resolve("Books_5.json"),
        row.formatted(1, "4.0") + "{\"asin\n" + row.formatted(2, "\"x\"") + row.formatted(3, "2"));
    Files.writeString(
        folder.resolve("meta_Books.json"), "{'asin': 'P', 'title': 'T'}\n{'asin': open('x')}\n");
    Files.write(
        folder.resolve("Books_5.json"),
        "{\"reviewerID\": \"Am\u00e9lie\"}\n".getBytes(ISO_8859_1),
        StandardOpenOption.APPEND);
    AmazonConfig config =
        new AmazonConfig(List.of(), AmazonConfig.Label.RATING, 3, true, false, false);
    try (DatasetReader reader =
        new AmazonFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(of -> of.get("user"))
          .containsExactly("A1", "A3");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(of -> of.get("title"))
          .containsExactly("T");
      assertThat(reader.leftOut())
          .singleElement()
          .satisfies(
              group ->
                  assertThat(group.examples())
                      .extracting(of -> of.line() + " " + of.column() + " " + of.text())
                      .containsExactly(
                          "2  {\"asin",
                          "3 overall " + row.formatted(2, "\"x\"").strip(),
                          "5  {\"reviewerID\": \"Am\ufffdlie\"}",
                          "2  {'asin': open('x')}"));
    }
  }
}
