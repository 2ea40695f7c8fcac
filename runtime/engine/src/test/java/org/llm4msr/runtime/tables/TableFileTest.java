package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;

class TableFileTest {

  private static final int ROWS = 40_000;

  @TempDir Path folder;

  @Test
  void keepsVectorsAndState() throws IOException {
    EmbeddingTable table = filled(2);
    Path file = folder.resolve("t.arrow");
    TableFile.write(table, file, true);

    EmbeddingTable read = new EmbeddingTable("t", ROWS, 3, 2);
    TableFile.read(read, file);

    for (int slot = 0; slot < 3; slot++) {
      assertThat(Arrays.equals(values(read, slot), values(table, slot))).isTrue();
    }
  }

  @Test
  void aTableWithoutStateReadsTheVectorsAlone() throws IOException {
    EmbeddingTable table = filled(2);
    Path file = folder.resolve("t.arrow");
    TableFile.write(table, file, false);

    EmbeddingTable read = new EmbeddingTable("t", ROWS, 3, 0);
    TableFile.read(read, file);

    assertThat(Arrays.equals(values(read, 0), values(table, 0))).isTrue();
  }

  @Test
  void refusesAFileThatDoesNotFit() throws IOException {
    Path file = folder.resolve("t.arrow");
    TableFile.write(filled(0), file, false);

    assertThatThrownBy(() -> TableFile.read(new EmbeddingTable("t", ROWS + 1, 3, 0), file))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model/TABLE_MISMATCH");
    assertThatThrownBy(() -> TableFile.read(new EmbeddingTable("t", ROWS - 1, 3, 0), file))
        .hasMessageContaining("model/TABLE_MISMATCH");
    assertThatThrownBy(() -> TableFile.read(new EmbeddingTable("t", ROWS, 4, 0), file))
        .hasMessageContaining("model/TABLE_MISMATCH");
    Path half = folder.resolve("half.arrow");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(half, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> TableFile.read(new EmbeddingTable("t", ROWS, 3, 0), half))
        .hasMessageContaining("not a complete Arrow file");
  }

  private static EmbeddingTable filled(int stateSlots) {
    EmbeddingTable table = new EmbeddingTable("t", ROWS, 3, stateSlots);
    for (int slot = 0; slot <= stateSlots; slot++) {
      float[] values = new float[ROWS * 3];
      for (int i = 0; i < values.length; i++) {
        values[i] = i + slot * 0.25f;
      }
      table.write(slot, 0, ROWS, values);
    }
    return table;
  }

  private static float[] values(EmbeddingTable table, int slot) {
    float[] values = new float[ROWS * 3];
    table.read(slot, 0, ROWS, values);
    return values;
  }
}
