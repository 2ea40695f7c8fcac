package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MendedTextTest {

  @TempDir Path folder;

  private boolean isNeeded(String text, CsvTable.Dialect dialect) throws IOException {
    return MendedText.isNeeded(Files.writeString(folder.resolve("text"), text), dialect);
  }

  private String mended(String text, CsvTable.Dialect dialect, boolean oneColumn)
      throws IOException {
    Path copy = folder.resolve("copy");
    MendedText.write(Files.writeString(folder.resolve("text"), text), dialect, oneColumn, copy);
    return Files.readString(copy, UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a,b",
        "a,b\n",
        "a,b\r\n1,2\r\n",
        "a,b\r1,2\r",
        "a,b\n\"1\r\n2\",3\n",
        "a,b\r\n\"1\n2\"\r\n",
        "a\"b,c\"\n1,2\n",
        "\"\",\"\"\"\"\n\"\"\"1\n\"\"\",2\n"
      })
  void filesWithoutSuchFaultsAreReadThemselves(String text) throws IOException {
    assertThat(isNeeded(text, CsvTable.Dialect.COMMA)).isFalse();
  }

  @Test
  void aLostQuoteIsALineThatIsNoRowInEveryDialect() throws IOException {
    for (String delimiter : new String[] {",", " ", "\t", "::"}) {
      for (String quote : new String[] {"\"", "'"}) {
        CsvTable.Dialect dialect = new CsvTable.Dialect(delimiter, quote, true, "utf-8");
        String text = "1D2\nQ3D4\n5D6\nQ7QD8\n";
        String lines =
            mended(text.replace("D", delimiter).replace("Q", quote), dialect, false)
                .replace(delimiter, "D");
        String blank = delimiter.equals(" ") ? "_" : " ";
        assertThat(lines).isEqualTo("1D2\n3" + blank + "4\n5D6\n" + quote + "7" + quote + "D8\n");
      }
    }
    assertThat(mended("\"a\nb\n", CsvTable.Dialect.COMMA, true)).isEqualTo("a,\nb\n");
  }

  @Test
  void aRowOfMoreThanTwoMegabytesIsALineThatIsNoRow() throws IOException {
    String row = "a," + "b".repeat(1_999_998);
    assertThat(isNeeded(row + "\n1,2\n", CsvTable.Dialect.COMMA)).isFalse();
    assertThat(mended(row + "b\n1,2\n", CsvTable.Dialect.COMMA, false))
        .isEqualTo("a " + "b".repeat(78) + "...(2000001_bytes)\n1,2\n");
    assertThat(mended("1,2\n" + row + "b", CsvTable.Dialect.COMMA, false))
        .isEqualTo("1,2\na " + "b".repeat(78) + "...(2000001_bytes)");
  }
}
