package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvRowsTest {

  private static final String OPEN = "a quoted value does not end where its column does.";

  @TempDir Path folder;

  /** Returns the rows: line, fault or values, and the beginning of the whole row. */
  private List<String> rows(byte[] text, Dialect dialect, String... columns) throws IOException {
    Path file = Files.write(folder.resolve("rows"), text);
    List<String> names = List.of(columns);
    List<String> rows = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader batches =
            new CsvRows(file, dialect, names, names, Set.of(), false, true).open(allocator)) {
      while (batches.loadNextBatch()) {
        VectorSchemaRoot root = batches.getVectorSchemaRoot();
        for (int i = 0; i < root.getRowCount(); i++) {
          int row = i;
          rows.add(
              root.getFieldVectors().stream()
                  .map(vector -> vector.getObject(row))
                  .filter(value -> value != null)
                  .map(String::valueOf)
                  .collect(Collectors.joining("|")));
        }
      }
    }
    return rows;
  }

  private List<String> rows(String text) throws IOException {
    return rows(text.getBytes(UTF_8), new Dialect(",", "\"", false, UTF_8), "a", "b");
  }

  @Test
  void everyLineEndEndsALine() throws IOException {
    assertThat(rows("1,2\n3,4\r\n5,6\r7,8\n\r\n\r9,0"))
        .containsExactly("1|1|2|1,2", "2|3|4|3,4", "3|5|6|5,6", "4|7|8|7,8", "7|9|0|9,0");
  }

  @Test
  void linesAreCountedWithinValues() throws IOException {
    assertThat(rows("\"1\r\n\n2\",\"\"\"\"\n3,4\n"))
        .containsExactly("1|1\r\n\n2|\"|\"1\r\n\n2\",\"\"\"\"", "4|3|4|3,4");
  }

  @Test
  void aQuoteWithinAValueIsText() throws IOException {
    assertThat(rows("1\"2,3\"\n")).containsExactly("1|1\"2|3\"|1\"2,3\"");
  }

  @Test
  void anEmptyValueIsNull() throws IOException {
    assertThat(rows(",\"\"\n")).containsExactly("1|,\"\"");
  }

  @Test
  void aRowOfAnotherWidthIsFaulty() throws IOException {
    assertThat(rows("1\n2,3,4\n5,6\n"))
        .containsExactly(
            "1|the row has 1 columns, not 2.|1",
            "2|the row has 3 columns, not 2.|2,3,4",
            "3|5|6|5,6");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {"`,`, \"", "`,`, '", "' ', \"", "::, \"", "::, '"})
  void aLostQuoteTakesOnlyItsLine(String delimiter, String quote) throws IOException {
    String text = "1D2\nQ3D4\n5D6\nQ7QD8\n".replace("D", delimiter).replace("Q", quote);
    List<String> rows =
        rows(text.getBytes(UTF_8), new Dialect(delimiter, quote, false, UTF_8), "a", "b");
    assertThat(rows)
        .extracting(row -> row.replace(delimiter, "D").replace(quote, "Q"))
        .containsExactly(
            "1|1|2|1D2", "2|" + OPEN.replace(delimiter, "D") + "|Q3D4", "3|5|6|5D6", "4|7|8|Q7QD8");
  }

  @Test
  void aRowOfMoreThanTwoMegabytesIsFaulty() throws IOException {
    String long_ = "b".repeat(TextBatch.LONGEST_ROW - 3);
    assertThat(rows("a," + long_ + "\n1,2\n")).hasSize(2).last().isEqualTo("2|1|2|1,2");
    for (String more : List.of("bbb", "b".repeat(5_000_000))) {
      assertThat(rows("1,2\na," + long_ + more + "\r\n3,4"))
          .hasSize(3)
          .endsWith("3|3|4|3,4")
          .element(1)
          .asString()
          .startsWith("2|" + TextBatch.TOO_LONG + "|a,bbb");
    }
  }

  @Test
  void anotherEncodingIsAFaultUnlessStated() throws IOException {
    byte[] text = "\u00e9,1\n\u00e9,\u00fc\n".getBytes(ISO_8859_1);
    assertThat(rows(text, new Dialect(",", "", false, UTF_8), "a", "b"))
        .allMatch(row -> row.contains(TextInput.NOT_UTF_8));
    assertThat(rows(text, new Dialect(",", "", false, ISO_8859_1), "a", "b"))
        .containsExactly("1|\u00e9|1|\u00e9,1", "2|\u00e9|\u00fc|\u00e9,\u00fc");
  }

  /** Rows, blanks, values of several lines and lost quotes, of all lengths, in any line end. */
  @Test
  void everyRowHasItsLineWhereverTheFileIsCutForReading() throws IOException {
    Random random = new Random(7);
    String[] ends = {"\n", "\r\n", "\r"};
    StringBuilder text = new StringBuilder();
    List<String> expected = new ArrayList<>();
    int line = 1;
    for (int i = 0; i < 20_000; i++) {
      String value = "v".repeat(random.nextInt(40));
      int choice = random.nextInt(20);
      if (choice == 0) {
        text.append("\"lost").append(i).append(ends[random.nextInt(3)]);
        expected.add(line++ + "|" + OPEN);
        text.append("1,\"x\"");
        expected.add(line + "|1");
      } else if (choice == 1) {
        text.append(i).append(",\"").append(value).append("\r\n\n").append("\"");
        expected.add(line + "|" + i);
        line += 2;
      } else if (choice > 2) {
        text.append(i).append(',').append(value);
        expected.add(line + "|" + i);
      }
      // A line feed behind a return would belong to it.
      text.append(text.toString().endsWith("\r") ? "\r\n" : ends[random.nextInt(2)]);
      line++;
    }
    assertThat(rows(text.toString()))
        .extracting(row -> row.split("\\|", 3)[0] + "|" + row.split("\\|", 3)[1])
        .containsExactlyElementsOf(expected);
  }
}
