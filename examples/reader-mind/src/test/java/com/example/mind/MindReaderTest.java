package com.example.mind;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.tck.DatasetReaderConformance;
import org.llm4msr.tck.MalformedRow;

class MindReaderTest {

  private static final String NEWS =
      """
      N1\tsports\tsoccer\tA goal\tIt fell late\thttps://a\t[]\t[]
      N2\tnews\tworld\tA vote, and "more"\t\thttps://b\t[]\t[]
      N-3\tsports\ttennis\tÀ Paris\t\thttps://c\t[]\t[]
      """;

  /** The rules that every reader keeps. */
  @Nested
  class Conformance extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new MindFactory();
    }

    /** Lines of one impression, over 7 users and 3 pieces of news. */
    @Override
    protected void write(Path folder, long interactions) throws IOException {
      Files.writeString(folder.resolve("news.tsv"), NEWS);
      try (Writer out = Files.newBufferedWriter(folder.resolve("behaviors.tsv"))) {
        for (long i = 0; i < interactions; i++) {
          String item = List.of("N1", "N2", "N-3").get((int) (i % 3));
          String time = "11/13/2019 8:%02d:%02d AM".formatted(i / 60 % 60, i % 60);
          out.write("%d\tU%d\t%s\tN2\t%s-%d\n".formatted(i, i % 7, time, item, i % 2));
        }
      }
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path file = folder.resolve("behaviors.tsv");
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      lines.set(6, lines.get(6).replaceAll("11/13/2019 [^\t]*", "soon"));
      Files.write(file, lines);
      return new MalformedRow("behaviors.tsv", 7, "time", "soon");
    }
  }

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    Files.writeString(folder.resolve("news.tsv"), NEWS);
    behaviors(
        "1\tU8\t11/13/2019 8:36:57 AM\tN2 N1\tN1-1 N-3-0", "2\tU9\t11/9/2019 12:05:00 PM\t\tN2-0");
  }

  @Test
  void givesARowAnImpression() throws IOException {
    long morning = Instant.parse("2019-11-13T08:36:57Z").toEpochMilli();
    long noon = Instant.parse("2019-11-09T12:05:00Z").toEpochMilli();
    assertThat(read(RawTable.INTERACTIONS))
        .containsExactly(
            List.of("U8", "N1", "sports", 1, morning, "1", 8, List.of("N2", "N1")),
            List.of("U8", "N-3", "sports", 0, morning, "1", 8, List.of("N2", "N1")),
            List.of("U9", "N2", "news", 0, noon, "2", 12, List.of()));
  }

  @Test
  void givesTheNewsWithTheirTitles() throws IOException {
    assertThat(read(RawTable.ITEMS))
        .containsExactly(
            List.of("N1", "sports", "soccer", "A goal"),
            List.of("N2", "news", "world", "A vote, and \"more\""),
            List.of("N-3", "sports", "tennis", "À Paris"));
  }

  @Test
  void readsMoreThanABatch() throws IOException {
    String[] lines = new String[5000];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = i + "\tU" + i + "\t11/13/2019 8:36:57 AM\t\tN1-0 N2-1";
    }
    behaviors(lines);

    List<List<Object>> rows = read(RawTable.INTERACTIONS);

    assertThat(rows).hasSize(10_000);
    assertThat(rows.get(9_999)).startsWith("U4999", "N2", "news", 1);
  }

  @Test
  void statesItsColumnsAndLeavesTheHistoryOut() {
    RawSchema schema = new MindReader(new MindConfig(false), folder).schema();
    assertThat(schema.fields())
        .extracting(RawField::name)
        .containsExactly("user", "item", "hour", "category", "subcategory");
    assertThat(schema.itemText()).first().isEqualTo("title");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1,U,11/13/2019 8:36:57 AM,,N1            | column 'impressions' has 'N1', which is not
          1,U,11/13/2019 8:36:57 AM,,N1-2          | column 'impressions' has 'N1-2'
          1,U,11/13/2019 8:36:57 AM,,N7-1          | 'N7', which is not a piece of news in news.tsv
          1,U,2019-11-13,,N1-1                     | column 'time' has '2019-11-13'
          1,U,11/13/2019 8:36:57 AM,N1-1           | it has 4 columns in place of 5
          """)
  void namesFileLineAndValueOfAMalformedRow(String row, String expected) throws IOException {
    behaviors("0\tU\t11/13/2019 8:36:57 AM\t\tN1-1", row.replace(',', '\t'));

    MsrException error =
        catchThrowableOfType(MsrException.class, () -> read(RawTable.INTERACTIONS));

    assertThat(error)
        .hasMessageStartingWith(
            "[mind/MALFORMED_ROW] " + folder.resolve("behaviors.tsv") + ", line 2: ")
        .hasMessageContaining(expected);
  }

  @Test
  void namesTheLineThatIsNotUtf8() throws IOException {
    String line = "0\tU\t11/13/2019 8:36:57 AM\tH\tN1-1\n";
    byte[] bytes = line.repeat(200).getBytes(US_ASCII);
    bytes[line.length() * 180 - 7] = (byte) 0xff;
    Files.write(folder.resolve("behaviors.tsv"), bytes);

    assertThatThrownBy(() -> read(RawTable.INTERACTIONS))
        .hasMessageContaining(", line 180: it is not UTF-8");
  }

  @Test
  void saysWhichFileItLooksFor() throws IOException {
    Files.delete(folder.resolve("news.tsv"));
    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> new MindReader(new MindConfig(true), folder));
    assertThat(error).hasMessageContaining(folder.resolve("news.tsv") + ". Set dataset.path");
  }

  private void behaviors(String... lines) throws IOException {
    Files.write(folder.resolve("behaviors.tsv"), List.of(lines));
  }

  private List<List<Object>> read(RawTable table) throws IOException {
    List<List<Object>> rows = new ArrayList<>();
    try (MindReader reader = new MindReader(new MindConfig(true), folder);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(table, allocator)) {
      while (batches.loadNextBatch()) {
        var root = batches.getVectorSchemaRoot();
        for (int row = 0; row < root.getRowCount(); row++) {
          List<Object> values = new ArrayList<>();
          for (FieldVector vector : root.getFieldVectors()) {
            values.add(plain(vector.getObject(row)));
          }
          rows.add(values);
        }
      }
    }
    return rows;
  }

  /** Returns texts as String, and all else unchanged. */
  private static Object plain(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(MindReaderTest::plain).toList();
    }
    return value instanceof Number ? value : value.toString();
  }
}
