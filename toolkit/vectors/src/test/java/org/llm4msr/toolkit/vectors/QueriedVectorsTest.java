package org.llm4msr.toolkit.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text is written by hand, Parquet by DuckDB itself. */
class QueriedVectorsTest {

  @TempDir Path folder;

  @Test
  void columnsOfNumbersAreAVectorAndKeysStayTexts() throws IOException {
    assertThat(rows("v.csv", "id,a,b,c\n007,1,-2,0.5\n 7,1e3,0,-0.25\n7.0,+1,.5,3.\n"))
        .isEqualTo(
            ordered(
                "007", List.of(1f, -2f, 0.5f),
                " 7", List.of(1000f, 0f, -0.25f),
                "7.0", List.of(1f, 0.5f, 3f)));
  }

  @Test
  void aColumnOfTextHoldsListsAsJsonAndNumPyPrintThem() throws IOException {
    String csv =
        """
        key,vector
        "a, ""b\""","[0.5, -2]"
        numpy,"[ 1.  2.5
          -3e-1  4.]"
        tuple,"(7, 8)"
        none,[]
        """;

    assertThat(rows("v.csv", csv))
        .isEqualTo(
            ordered(
                "a, \"b\"", List.of(0.5f, -2f),
                "numpy", List.of(1f, 2.5f, -0.3f, 4f),
                "tuple", List.of(7f, 8f),
                "none", List.of()));
  }

  @Test
  void tabsSeparateTsvAndFilesMayBeZipped() throws IOException {
    String tsv = "key\tx\ty\na,b\t1\t2\n";
    Path zipped = folder.resolve("V.TSV.GZ");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(tsv.getBytes(UTF_8));
    }

    assertThat(rows("v.tsv", tsv)).isEqualTo(ordered("a,b", List.of(1f, 2f)));
    assertThat(rows(zipped, null, null)).isEqualTo(ordered("a,b", List.of(1f, 2f)));
  }

  /** DuckDB names the unnamed column by its place, with zeros where there are ten or more. */
  @ParameterizedTest
  @CsvSource({"2", "11"})
  void theIndexOfPandasIsNoNumberOfTheVector(int numbers) throws IOException {
    String names = ",n".repeat(numbers);
    for (int n = 0; n < numbers; n++) {
      names = names.replaceFirst(",n(?=,|$)", ",n" + n);
    }
    String csv = ",id" + names + "\n5,a" + ",1".repeat(numbers) + "\n";

    assertThat(rows("v.csv", csv).get("a")).hasSize(numbers).containsOnly(1f);
  }

  @Test
  void anIndexIsTheKeyWhereItIsNamedOrNothingElseIs() throws IOException {
    Path file = write("v.csv", ",x,y\n5,1,2\n");
    assertThat(rows(file, "column0", null)).isEqualTo(ordered("5", List.of(1f, 2f)));
    assertThat(rows("two.csv", ",x\n5,1\n")).isEqualTo(ordered("5", List.of(1f)));
  }

  @Test
  void namedColumnsAreTakenAmongOthers() throws IOException {
    Path file = write("v.csv", "title,id,v,year\nlong,i1,\"[1, 2]\",1999\n");

    assertThat(rows(file, "id", "v")).isEqualTo(ordered("i1", List.of(1f, 2f)));
    assertThat(rows(file, "title", "year")).isEqualTo(ordered("long", List.of(1999f)));
  }

  @ParameterizedTest
  @CsvSource({"FLOAT[]", "DOUBLE[]", "FLOAT[2]", "INTEGER[]", "DECIMAL(5;2)[]"})
  void theOnlyListOfParquetIsTheVector(String type) throws Exception {
    Path file =
        parquet(
            "v.parquet",
            "SELECT 7 AS id, 'title' AS title, CAST([1, -2] AS %s) AS v, 3 AS n"
                .formatted(type.replace(';', ',')));

    assertThat(rows(file, null, null)).isEqualTo(ordered("7", List.of(1f, -2f)));
  }

  @Test
  void parquetOfSeveralListsNeedsTheNameOfOne() throws Exception {
    Path file = parquet("v.parquet", "SELECT 'k' AS id, [1, 2] AS v, [3] AS w");

    assertThat(rows(file, null, "w")).isEqualTo(ordered("k", List.of(3f)));
    assertThatThrownBy(() -> rows(file, null, null))
        .hasMessageContaining("[test/VECTORS_NOT_READABLE] cannot read vectors: ")
        .hasMessageContaining("File " + file);
  }

  @Test
  void columnsOfNumbersAndNullsOfParquetAreRead() throws Exception {
    Path file =
        parquet(
            "v.parquet",
            "SELECT * FROM (VALUES ('k', 1.5, 2), (NULL, 3, 4)) AS t(id, \"a\"\"b\", y)");

    assertThat(rows(file, null, null))
        .isEqualTo(ordered("k", List.of(1.5f, 2f), null, List.of(3f, 4f)));
  }

  @Test
  void aFolderNamedLikeAPartitionAddsNoColumn() throws Exception {
    Files.createDirectory(folder.resolve("user=3"));
    Path text = write("user=3/v.csv", "id,x\nk,1\n");
    Path file = parquet("user=3/v.parquet", "SELECT 'k' AS id, 1 AS x");

    assertThat(rows(text, null, null)).isEqualTo(ordered("k", List.of(1f)));
    assertThat(rows(file, null, null)).isEqualTo(ordered("k", List.of(1f)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "id,x,y\\na,1,2\\nb,1,2,3\\n | row 2 has more columns than the header, which has 3",
        "id,x,y\\na,1\\n | row 1 has fewer columns than the header, which has 3",
        "id,x\\na,1\\nb,\"2\\n | row 2 cannot be told apart from the next: a quote does not end",
        "id,x,y\\na,1,two\\n | 'two'",
        "id,v\\na,\"[1, two]\"\\n | 'two'",
        "id\\na\\n | it has only the column id",
      })
  void aRowThatCannotBeReadIsNamedWithItsFile(String csv, String problem) throws IOException {
    Path file = write("v.csv", csv.replace("\\n", "\n"));

    assertThatThrownBy(() -> rows(file, null, null))
        .hasMessageStartingWith("[test/VECTORS_NOT_READABLE] cannot read vectors: ")
        .hasMessageContaining(problem)
        .hasMessageEndingWith(
            "File %s. Check that it is complete, and the columns' settings.".formatted(file));
  }

  @ParameterizedTest
  @CsvSource({"key,", "id, vec"})
  void aColumnThatIsMissingIsNamedBesideThoseThatAreThere(String key, @Nullable String vector)
      throws IOException {
    Path file = write("v.csv", "id,x\na,1\n");
    String missing = vector == null ? key : vector;

    assertThatThrownBy(() -> rows(file, key, vector))
        .hasMessageContaining("it has no column %s, its columns are [id, x].".formatted(missing));
  }

  @Test
  void noTemporaryFileIsLeft() throws IOException {
    rows("v.csv", "id,x\na,1\n");
    Path bad = write("bad.csv", "id\na\n");
    assertThatThrownBy(() -> rows(bad, null, null)).isInstanceOf(RuntimeException.class);

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.filter(file -> file.getFileName().toString().contains("header"))).isEmpty();
    }
  }

  private Map<@Nullable String, List<Float>> rows(String name, String content) throws IOException {
    return rows(write(name, content), null, null);
  }

  private Map<@Nullable String, List<Float>> rows(
      Path file, @Nullable String key, @Nullable String vector) {
    Map<@Nullable String, List<Float>> rows = new LinkedHashMap<>();
    VectorSettings settings =
        new VectorSettings(key, vector, "test", "the file's setting", "the columns' settings");
    VectorFile.of(file, settings)
        .read(
            folder,
            1,
            (of, numbers) -> {
              List<Float> list = new ArrayList<>();
              for (float number : numbers) {
                list.add(number);
              }
              return rows.put(of, list) == null;
            });
    return rows;
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private Path parquet(String name, String query) throws SQLException {
    Path file = folder.resolve(name);
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute("COPY (%s) TO '%s' (FORMAT parquet)".formatted(query, file));
    }
    return file;
  }

  /** Keys and vectors in turn. */
  @SuppressWarnings("unchecked")
  private static Map<@Nullable String, List<Float>> ordered(@Nullable Object... pairs) {
    Map<@Nullable String, List<Float>> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], (List<Float>) pairs[i + 1]);
    }
    return map;
  }
}
