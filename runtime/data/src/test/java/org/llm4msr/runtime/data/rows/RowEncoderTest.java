package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;

/** Rows for data whose whole numbers a program had made real, as earlier preparations kept them. */
class RowEncoderTest {

  private static final int ROWS = 60;

  @TempDir Path folder;

  @BeforeEach
  void prepare() {
    Path target = folder.resolve("prepared");
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                IntStream.range(0, ROWS).mapToObj(i -> i % 5 + ".0").toList(),
                "item",
                IntStream.range(0, ROWS).mapToObj(i -> "i" + i % 7).toList(),
                "scenario",
                IntStream.range(0, ROWS).mapToObj(i -> "s").toList(),
                "label",
                IntStream.range(0, ROWS).mapToObj(i -> i % 2L).toList(),
                "age",
                IntStream.range(0, ROWS).mapToObj(i -> 20 + i % 3 + ".0").toList(),
                "version",
                IntStream.range(0, ROWS).mapToObj(i -> i % 2 == 0 ? "1.0" : "1.5").toList())
            .field("age", RawTable.INTERACTIONS, new FieldKind.Categorical())
            .field("version", RawTable.INTERACTIONS, new FieldKind.Categorical());
    Preparations.prepare(
            reader, Preparations.config(Preparations.split(SplitConfig.By.RANDOM), 1), target)
        .close();
  }

  private void encode(String user, String age, String version) {
    RowEncoder encoder = RowEncoder.open(folder.resolve("prepared"));
    Map<String, String> row =
        Map.of("user", user, "item", "i1", "scenario", "s", "age", age, "version", version);
    RowBinding binding = encoder.bind(row.keySet());
    Batch batch = binding.newBatch(1);
    binding.encode(RawRows.of(List.of(row)), 0, 1, 0, batch);
    assertThat(batch.size).isEqualTo(1);
  }

  @Test
  void numbersInTheOtherFormAreTold() {
    assertThatThrownBy(() -> encode("3", "20.0", "1.0"))
        .hasMessageContaining("Column 'user' has '3' in row 0; the model knows '3.0'.");
    assertThatThrownBy(() -> encode("3.0", "20", "1.0"))
        .hasMessageContaining("Column 'age' has '20' in row 0; the model knows '20.0'.");
  }

  @Test
  void unknownValuesAreUnknown() {
    encode("3.0", "20.0", "1.0");
    encode("99", "99", "1");
  }
}
