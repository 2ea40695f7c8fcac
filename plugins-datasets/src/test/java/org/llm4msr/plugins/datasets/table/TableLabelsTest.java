package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Label;

/** Further labels of a log in the user's own columns. */
class TableLabelsTest {

  @TempDir Path folder;
  @TempDir Path scratch;

  private DatasetReader reader(Label... labels) throws IOException {
    TableConfig config =
        TableSettings.whoWhat(
            "log.csv", "missingValues", List.of("NULL"), "labels", List.of(labels));
    return new TableFactory().create(config, Contexts.of(folder, scratch));
  }

  private void write(String... rows) throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label,like,watched\n" + String.join("\n", rows) + "\n");
  }

  @Test
  void areColumnsOrWhatIsAboveANumber() throws IOException {
    write("a,b,1,1,17.5", "a,c,0,,18.5", "a,d,0,0,NULL", "a,e,0,NULL,18");
    try (DatasetReader reader =
        reader(new Label("like", null, null), new Label("long_view", "watched", 18.0))) {
      assertThat(reader.schema().labels()).containsExactly("like", "long_view");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("label_like") + " " + row.get("label_long_view"))
          .containsExactly("1.0 0", "null 1", "0.0 null", "null 0");
    }
  }

  @Test
  void haveTwoValues() throws IOException {
    write("a,b,1,2,1");
    assertRefused(new Label("like", null, null), "'2'", "0, 1 or empty");
    write("a,b,1,1,inf");
    assertRefused(new Label("like", "watched", 3.0), "'inf'", "a number or empty");
    assertRefused(new Label("share", null, null), "share", "watched");
  }

  private void assertRefused(Label label, String... texts) {
    assertThatThrownBy(
            () -> {
              try (DatasetReader reader = reader(label)) {
                Rows.of(reader, RawTable.INTERACTIONS);
              }
            })
        .hasMessageContainingAll(texts);
  }
}
