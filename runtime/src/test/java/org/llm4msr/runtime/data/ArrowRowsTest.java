package org.llm4msr.runtime.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.support.ArrowRows;

class ArrowRowsTest {

  private static final int ROWS = 777;

  @TempDir Path folder;

  private Path write(boolean asFile) throws IOException {
    Path path = folder.resolve("rows.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        ListVector lists = ListVector.empty("lists", allocator);
        BitVector bits = new BitVector("bits", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      UnionListWriter writer = lists.getWriter();
      bits.allocateNew(ROWS);
      for (int row = 0; row < ROWS; row++) {
        writer.startList();
        writer.bigInt().writeBigInt(-row);
        writer.endList();
        bits.set(row, row % 2);
      }
      lists.setValueCount(ROWS);
      bits.setValueCount(ROWS);
      try (VectorSchemaRoot root = VectorSchemaRoot.of(lists, bits);
          ArrowWriter rows =
              asFile
                  ? new ArrowFileWriter(root, null, Channels.newChannel(out))
                  : new ArrowStreamWriter(root, null, out)) {
        root.setRowCount(ROWS);
        rows.writeBatch();
        rows.end();
      }
    }
    return path;
  }

  private static int rows(Path path) throws IOException {
    try (BufferAllocator allocator = new RootAllocator(1 << 20);
        ArrowReader reader = ArrowRows.open(path, allocator)) {
      return reader.loadNextBatch() ? reader.getVectorSchemaRoot().getRowCount() : 0;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void statedLengthsBeyondTheBodyAreRefusedBeforeMemoryIsTakenForThem(boolean asFile)
      throws IOException {
    Path path = write(asFile);
    assertThat(rows(path)).isEqualTo(ROWS);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int replaced = 0;
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at += Long.BYTES) {
      if (bytes.getLong(at) == ROWS) {
        bytes.putLong(at, Integer.MAX_VALUE - 1L);
        replaced++;
      }
    }
    assertThat(replaced)
        .as("lengths of the batch, the lists, their values and the bits")
        .isEqualTo(4);
    Files.write(path, bytes.array());
    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("says that it has 2147483646 values; at most");
  }

  /** As a list's offset, 777 stands behind 776; the row counts stand alone. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void offsetsBeyondTheValuesAreRefusedBeforeMemoryIsTakenForThem(boolean asFile)
      throws IOException {
    Path path = write(asFile);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int replaced = 0;
    for (int at = Integer.BYTES; at + Integer.BYTES <= bytes.capacity(); at += Integer.BYTES) {
      if (bytes.getInt(at) == ROWS && bytes.getInt(at - Integer.BYTES) == ROWS - 1) {
        bytes.putInt(at, 1 << 30);
        replaced++;
      }
    }
    assertThat(replaced).isEqualTo(1);
    Files.write(path, bytes.array());
    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the lists of column 'lists' need 1073741824 values, there are 777");
  }

  /** The lengths of the batch and of its two columns stand before that of the lists' values. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void aColumnOfAnotherLengthThanItsBatchIsRefused(int changed) throws IOException {
    Path path = write(true);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int found = 0;
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at += Long.BYTES) {
      if (bytes.getLong(at) == ROWS && found++ == changed) {
        bytes.putLong(at, ROWS - 512);
      }
    }
    Files.write(path, bytes.array());

    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(changed == 0 ? " values, its batch " + (ROWS - 512) : "265")
        .hasNoSuppressedExceptions();
  }

  /** Half of a pair, a longer form than needed, a number beyond Unicode, a character cut off. */
  @ParameterizedTest
  @ValueSource(strings = {"eda080", "c080", "f4908080", "e4b8"})
  void textsThatAreNotUnicodeAreRefused(String bytes) throws IOException {
    assertThat(rows(write("f09f8eac e4b8ade69687".replace(" ", "")))).isEqualTo(2);

    Path path = write(bytes);

    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("a batch is broken: ", "UTF-8", " 1");
  }

  /** Writes a row of plain text, and one of these bytes. */
  private Path write(String bytes) throws IOException {
    Path path = folder.resolve("texts.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector texts = new VarCharVector("text", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      texts.setSafe(0, new byte[] {'a'});
      texts.setSafe(1, HexFormat.of().parseHex(bytes));
      texts.setValueCount(2);
      try (VectorSchemaRoot root = VectorSchemaRoot.of(texts);
          ArrowWriter rows = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
        root.setRowCount(2);
        rows.writeBatch();
        rows.end();
      }
    }
    return path;
  }
}
