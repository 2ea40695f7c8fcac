package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;

/** Vectors of users in files of their own. */
class TableVectorFilesTest extends TableFiles {

  private static final TableField FACE = vectors("face", "face.npy", null, null);
  private static final TableField AGE =
      new TableField("age", null, RawTable.USERS, null, Kind.NUMERIC, null, null, List.of());

  @BeforeEach
  void writeTables() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\n1,x,1\n007,y,0\n");
    Files.writeString(folder.resolve("users.csv"), "id,age\n3,30\n1,10\n2,20\n");
    writeNpy("face", List.of("2", "007", "1"), 0.5f, -1, 2, 3, 4, 5);
  }

  private static TableField vectors(
      @Nullable String name, String file, @Nullable String column, @Nullable String key) {
    return new TableField(column, name, RawTable.USERS, null, Kind.VECTOR, file, key, List.of());
  }

  /** A matrix of two columns of float32, and its keys. */
  private void writeNpy(String name, List<String> keys, float... numbers) throws IOException {
    String header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2), }".formatted(keys.size());
    ByteBuffer file = ByteBuffer.allocate(128 + 4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 0x93).put("NUMPY\1\0".getBytes(US_ASCII)).putShort((short) 118);
    file.put("%-117s\n".formatted(header).getBytes(US_ASCII));
    for (float number : numbers) {
      file.putFloat(number);
    }
    Files.write(folder.resolve(name + ".npy"), file.array());
    Files.write(folder.resolve(name + ".keys.txt"), keys);
  }

  private TableConfig config(boolean described, TableField... fields) {
    Entities users = new Entities(List.of("users.csv"), "id", List.of(), List.of());
    return config(List.of("log.csv"), null, null, null, described ? users : null, fields);
  }

  private List<Map<String, String>> users(TableConfig config) throws IOException {
    try (DatasetReader reader = reader(config)) {
      return Rows.of(reader, RawTable.USERS);
    }
  }

  /** Users that the table does not describe follow, in whatever order. */
  @Test
  void vectorsAreLookedUpById() throws IOException {
    try (DatasetReader reader = reader(config(true, AGE, FACE))) {
      assertThat(reader.schema().tables()).containsExactly(RawTable.INTERACTIONS, RawTable.USERS);
      assertThat(reader.schema().fields().get(4).name()).isEqualTo("face");
      assertThat(reader.schema().fields().get(4).kind()).isEqualTo(new FieldKind.Vector(2));
      assertThat(reader.sources())
          .containsExactly(
              folder.resolve("log.csv"),
              folder.resolve("users.csv"),
              folder.resolve("face.npy"),
              folder.resolve("face.keys.txt"));
      assertThat(Rows.of(reader, RawTable.USERS))
          .containsExactly(
              Map.of("user", "3", "field_age", "30.0", "field_face", "null"),
              Map.of("user", "1", "field_age", "10.0", "field_face", "[4.0,5.0]"),
              Map.of("user", "2", "field_age", "20.0", "field_face", "[0.5,-1.0]"),
              Map.of("user", "007", "field_age", "null", "field_face", "[2.0,3.0]"));
    }
  }

  @Test
  void noTableNeedsToDescribeWhoHasAVector() throws IOException {
    writeNpy("voice", List.of("9", "1"), 7, 8, Float.NaN, 6);

    assertThat(users(config(false, FACE)))
        .containsExactlyInAnyOrder(
            Map.of("user", "2", "field_face", "[0.5,-1.0]"),
            Map.of("user", "007", "field_face", "[2.0,3.0]"),
            Map.of("user", "1", "field_face", "[4.0,5.0]"));
    assertThat(users(config(false, FACE, vectors("voice", "voice.npy", null, null))))
        .containsExactlyInAnyOrder(
            Map.of("user", "2", "field_face", "[0.5,-1.0]", "field_voice", "null"),
            Map.of("user", "007", "field_face", "[2.0,3.0]", "field_voice", "null"),
            Map.of("user", "1", "field_face", "[4.0,5.0]", "field_voice", "[\"NaN\",6.0]"),
            Map.of("user", "9", "field_face", "null", "field_voice", "[7.0,8.0]"));
  }

  /** Ids that are numbers, in both files. */
  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void columnsOfTheFileMayBeNamed(String format) throws IOException, SQLException {
    write(
        folder.resolve("face." + format),
        "SELECT 'more' AS note, 2 AS id, [0.5::FLOAT, 1] AS face, [9.0::FLOAT] AS other UNION ALL SELECT '', 8, NULL, [9.0::FLOAT]");
    write(folder.resolve("users.parquet"), "SELECT 2::BIGINT AS id, 'now' AS \"ITEM\"");
    TableConfig config =
        config(
            List.of("log.csv"),
            null,
            null,
            null,
            new Entities(List.of("users.parquet"), "id", List.of("ITEM"), List.of()),
            vectors("picture", "face." + format, "face", "id"));

    assertThat(users(config))
        .containsExactly(Map.of("user", "2", "text_ITEM", "now", "field_picture", "[0.5,1.0]"));
  }

  /** More rows than a batch has, described twice: the order of the files decides. */
  @Test
  void describedRowsKeepTheirOrder() throws IOException {
    StringBuilder rows = new StringBuilder("id,age\n");
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      rows.append(i % 50_000).append(',').append(i).append('\n');
      keys.add(String.valueOf(99_999 - i));
    }
    Files.writeString(folder.resolve("users.csv"), rows);
    float[] numbers = new float[200_000];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 99_999 - i / 2;
    }
    writeNpy("face", keys, numbers);

    List<Map<String, String>> users = users(config(true, AGE, FACE));

    assertThat(users).hasSize(150_000);
    for (int i = 0; i < 100_000; i++) {
      int user = i % 50_000;
      assertThat(users.get(i))
          .isEqualTo(
              Map.of(
                  "user",
                  String.valueOf(user),
                  "field_age",
                  i + ".0",
                  "field_face",
                  "[%1$d.0,%1$d.0]".formatted(user)));
    }
  }

  @Test
  void aFileThatCannotBeReadIsNamedWithItsSettings() throws IOException {
    Files.writeString(folder.resolve("face.keys.txt"), "1\n2\n1\n");
    assertThatThrownBy(() -> users(config(true, FACE)))
        .hasMessage(
            "[data/WRONG_VECTORS] the vectors cannot be used: the key 1 occurs twice. File %s. Fix the file.",
            folder.resolve("face.npy"));
    Files.writeString(folder.resolve("face.keys.txt"), "1\n2\n");
    assertThatThrownBy(() -> users(config(true, FACE)))
        .hasMessageContaining(
            "[data/VECTORS_NOT_READABLE] cannot read vectors: it has 3 rows, %s has 2 lines. File %s. Check that it is complete, and column and key of the field face in dataset.fields.",
            folder.resolve("face.keys.txt"), folder.resolve("face.npy"));
    assertThatThrownBy(() -> users(config(true, vectors("face", "none.npy", null, null))))
        .hasMessage(
            "[data/VECTORS_NOT_FOUND] no file %s. Check dataset.fields; files of a table are relative to dataset.path.",
            folder.resolve("none.npy"));
    Files.writeString(folder.resolve("face.csv"), "id,face\n1,[1 2]\n2,[1 2 3]\n");
    assertThatThrownBy(() -> users(config(true, vectors("face", "face.csv", null, null))))
        .hasMessageContaining("the vector of 2 has 3 numbers, those before have 2. File ");
  }

  /** Skipping is for rows of tables: a file of vectors is sound or not. */
  @Test
  void skippingDoesNotSkipVectors() throws IOException {
    Files.writeString(folder.resolve("face.keys.txt"), "1\n2\n1\n");
    try (DatasetReader reader =
        new TableFactory().create(config(true, FACE), Contexts.skipping(folder, scratch))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.USERS))
          .hasMessageContaining("the key 1 occurs twice");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INTERACTIONS | VECTOR | face.npy | | The field face has the file face.npy. Only fields of the tables users and items have one, of kind vector.",
        "USERS | NUMERIC | face.npy | | The field face has the file face.npy. Only fields",
        "USERS | VECTOR | | id | The field face has no file, so it needs a column, and no key.",
        "USERS | NUMERIC | | | The field face has no file, so it needs a column, and no key."
      })
  void fieldsWithoutASourceAreRefused(
      RawTable table, Kind kind, @Nullable String file, @Nullable String key, String reason) {
    TableField field = new TableField(null, "face", table, null, kind, file, key, List.of());
    assertThatThrownBy(() -> reader(config(true, field)))
        .hasMessageStartingWith("[data/TABLE_CONFIG] " + reason)
        .hasMessageEndingWith("Fix the section dataset.");
  }

  @Test
  void aFieldHasAName() {
    assertThatThrownBy(() -> reader(config(true, vectors(null, "face.npy", null, null))))
        .hasMessageContaining("[data/TABLE_CONFIG] A field has neither a name nor a column.");
  }
}
