package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** Logs of one JSON object a line. */
class TableJsonTest extends TableFiles {

  private static final String LOG =
      """
      {"user": "u1", "item": 7, "label": true, "at": 1709287200, "tags": ["a", "b"], "price": 4.5}

      {"price": null, "tags": "a|b|", "label": 0, "item": 8, "user": "\\u00e9\\"", "at": 1709287201}
      {"user": 12345678901234567890, "item": "", "label": 1, "at": "1709287202"}
      """;

  private List<Map<String, String>> rows(String name, Object... settings) throws IOException {
    try (DatasetReader reader = reader(TableSettings.of(name, settings))) {
      return Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  private static Object[] settings() {
    return new Object[] {
      "time", "at", "fields", List.of(TAGS, field("price", Kind.NUMERIC)), "label", "label"
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"log.jsonl", "log.ndjson", "log.json", "log.JSONL.gz"})
  void keysAreColumnsInAnyOrder(String name) throws IOException {
    String log = LOG.replace("\"item\": \"\"", "\"item\": \"x\"");
    try (OutputStream file = Files.newOutputStream(folder.resolve(name));
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(file) : file) {
      out.write(log.getBytes(UTF_8));
    }

    List<Map<String, String>> rows = rows(name, settings());

    assertThat(rows)
        .extracting(
            row ->
                String.join(
                    " ",
                    row.get("user"),
                    row.get("item"),
                    row.get("time"),
                    row.get("field_tags"),
                    row.get("field_price")))
        .containsExactly(
            "u1 7 1709287200000 [\"a\",\"b\"] 4.5",
            "\u00e9\" 8 1709287201000 [\"a\",\"b\"] null",
            "12345678901234567890 x 1709287202000 null null");
    assertThat(rows)
        .extracting(row -> Double.valueOf(row.get("label")))
        .containsExactly(1.0, 0.0, 1.0);
  }

  @Test
  void rowsThatBreakARuleAreNamedByTheirLines() throws IOException {
    Files.writeString(folder.resolve("log.jsonl"), LOG);
    assertThatThrownBy(() -> rows("log.jsonl", settings()))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 4: column 'item' has '', which is not a value. Fix or"
                + " remove the row.",
            folder.resolve("log.jsonl"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"user\": 1", "[1]", "u,i,1", "7"})
  void aLineThatIsNoObjectIsMalformed(String line) throws IOException {
    String sound = "{\"user\": 1, \"item\": 2, \"label\": 1}\n";
    Files.writeString(folder.resolve("log.jsonl"), sound + line + "\n" + sound);

    assertThatThrownBy(() -> rows("log.jsonl"))
        .hasMessageContaining(
            "log.jsonl, line 2: the line is no object of JSON: " + line + ". Fix or remove");
    try (DatasetReader reader =
        new TableFactory()
            .create(TableSettings.of("log.jsonl"), Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(2);
      assertThat(reader.leftOut())
          .singleElement()
          .extracting(LeftOutRows::examples)
          .isEqualTo(
              List.of(
                  new LeftOutRows.Example(folder.resolve("log.jsonl").toString(), 2, "", line)));
    }
  }

  @Test
  void aFileThatIsOneArrayIsRefused() throws IOException {
    Files.writeString(folder.resolve("log.json"), "[\n{\"user\": 1},\n{\"user\": 2}\n]\n");
    assertThatThrownBy(() -> rows("log.json"))
        .hasMessageContaining("[data/UNREADABLE]")
        .hasMessageContaining("log.json begins without an object of JSON. Write one object in");
  }

  @Test
  void aKeyThatNoFirstRowHasIsNoColumn() throws IOException {
    Files.writeString(folder.resolve("log.jsonl"), "{\"User\": 1, \"item\": 2}\n{\"label\": 1}\n");
    assertThatThrownBy(() -> rows("log.jsonl"))
        .hasMessageContaining("has no column user; its columns are User, item, label.")
        .hasMessageContaining("Capitals count: it has User.");
  }

  @Test
  void adviceIsThatOfDelimitedFiles() throws IOException {
    String row = "{\"user\": 1, \"item\": 2, \"label\": 1, \"at\": \"2024-03-01 10:00\"}\n";
    Files.writeString(folder.resolve("log.jsonl"), row);
    assertThatThrownBy(() -> rows("log.jsonl", "time", "at"))
        .hasMessageEndingWith("Its first values are dates: set dataset.timeUnit to timestamp.");
    assertThat(rows("log.jsonl", "time", "at", "timeUnit", TimeUnit.TIMESTAMP)).hasSize(1);
  }

  @Test
  void itemsAndVectorsAreReadToo() throws IOException {
    Files.writeString(folder.resolve("log.jsonl"), "{\"user\": 1, \"item\": 2, \"label\": 1}\n");
    Files.writeString(
        folder.resolve("items.jsonl"),
        "{\"id\": 2, \"title\": \"Two\", \"image\": [0.5, -1]}\n{\"id\": 3, \"title\": \"Three\"}\n");
    TableField image =
        new TableField("image", null, RawTable.ITEMS, null, Kind.VECTOR, null, null, List.of());
    TableConfig config =
        TableSettings.of(
            "log.jsonl",
            "fields",
            List.of(image),
            "items",
            new Entities(List.of("items.jsonl"), "id", List.of("title"), List.of()));
    try (DatasetReader reader = reader(config)) {
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item") + row.get("title") + row.get("field_image"))
          .containsExactly("2Two[0.5,-1.0]", "3Threenull");
    }
  }
}
