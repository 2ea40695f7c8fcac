package org.llm4msr.runtime.data.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;

/** Files of Arrow's own writer; buffers are compared with the layout that the format states. */
class ArrowFileTest {

  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);

  private static final ArrowType INT = new ArrowType.Int(32, true);
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("number", INT),
              Field.nullable("text", new ArrowType.Utf8()),
              new Field(
                  "list",
                  FieldType.nullable(new ArrowType.List()),
                  List.of(Field.nullable("item", INT)))));

  @TempDir Path folder;

  /** Row i has the number 10 i, null for 1; the text of i letters; a list of -i, i times. */
  @Test
  void buffersAreThoseOfTheFormat() throws IOException {
    ArrowFile file = ArrowFile.open(write("rows.arrow", 3, 2));

    ArrowFile.Node numbers = file.nodes("number").get(0);
    assertThat(numbers.length()).isEqualTo(3);
    assertThat(numbers.nulls()).isEqualTo(1);
    assertThat(numbers.children()).isEmpty();
    assertThat(numbers.buffers()).hasSize(2);
    assertThat(numbers.buffers().get(0).get(0)).as("validity").isEqualTo((byte) 0b101);
    assertThat(numbers.buffers().get(1).getInt(2 * 4)).isEqualTo(20);
    ArrowFile.Node later = file.nodes("number").get(1);
    assertThat(later.nulls()).isZero();
    assertThat(List.of(later.buffers().get(1).getInt(0), later.buffers().get(1).getInt(4)))
        .containsExactly(30, 40);

    ArrowFile.Node texts = file.nodes("text").get(0);
    assertThat(ints(texts.buffers().get(1), 4)).as("offsets").containsExactly(0, 0, 1, 3);
    byte[] letters = new byte[3];
    texts.buffers().get(2).get(0, letters);
    assertThat(new String(letters, StandardCharsets.UTF_8)).isEqualTo("bcc");

    ArrowFile.Node lists = file.nodes("list").get(1);
    assertThat(lists.buffers()).hasSize(2);
    assertThat(ints(lists.buffers().get(1), 3)).as("offsets").containsExactly(0, 3, 7);
    ArrowFile.Node values = lists.children().get(0);
    assertThat(values.length()).isEqualTo(7);
    assertThat(ints(values.buffers().get(1), 7)).containsExactly(-3, -3, -3, -4, -4, -4, -4);
  }

  private static int[] ints(ByteBuffer buffer, int count) {
    int[] values = new int[count];
    Arrays.setAll(values, i -> buffer.getInt(i * Integer.BYTES));
    return values;
  }

  @Test
  void rowsArePlacedInTheBatchesThatHaveSome() throws IOException {
    ArrowFile file = ArrowFile.open(write("rows.arrow", 0, 3, 0, 2, 0));

    assertThat(file.rows()).isEqualTo(5);
    assertThat(file.blocks()).isEqualTo(2);
    assertThat(List.of(file.rows(0), file.rows(1))).containsExactly(3, 2);
    assertThat(List.of(file.start(0), file.start(1))).containsExactly(0L, 3L);
    assertThat(file.nodes("number")).hasSize(2);
    long[] places = {0, 1, 2, 1L << 32, 1L << 32 | 1};
    for (int row = 0; row < 5; row++) {
      assertThat(file.locate(row)).isEqualTo(places[row]);
      assertThat(file.row(places[row])).isEqualTo(row);
      assertThat(file.rowInFile(places[row])).isEqualTo(row);
      assertThat(file.path(places[row])).isEqualTo(file.path());
    }
  }

  @Test
  void aFileWithoutRowsHasItsColumns() throws IOException {
    for (int[] batches : new int[][] {{}, {0}}) {
      ArrowFile file = ArrowFile.open(write("none.arrow", batches));

      assertThat(file.rows()).isZero();
      assertThat(file.blocks()).isZero();
      assertThat(file.has("list")).isTrue();
      assertThat(file.nodes("list")).isEmpty();
    }
  }

  @Test
  void filesFollowOneAnotherAsOne() throws IOException {
    Path a = write("a.arrow", 3, 2);
    Path b = write("b.arrow");
    Path c = write("c.arrow", 1, 2);

    ArrowFile all = ArrowFile.open(List.of(a, b, c));

    assertThat(all.path().resolve("a.arrow")).as("in their folder").isEqualTo(a);
    assertThat(all.rows()).isEqualTo(8);
    assertThat(all.blocks()).isEqualTo(4);
    assertThat(all.nodes("text")).extracting(ArrowFile.Node::length).containsExactly(3, 2, 1, 2);
    long inC = all.locate(6);
    assertThat(inC).isEqualTo(3L << 32);
    assertThat(all.path(inC)).isEqualTo(c);
    assertThat(all.rowInFile(inC)).isEqualTo(1);
    assertThat(all.row(inC)).isEqualTo(6);
    assertThat(all.path(all.locate(4))).isEqualTo(a);
    assertThat(all.rowInFile(all.locate(4))).isEqualTo(4);
    assertThat(ArrowFile.open(List.of(c)).path()).as("one file is itself").isEqualTo(c);
  }

  @Test
  void filesOfOtherColumnsAreNotJoined() throws IOException {
    Path a = write("a.arrow", 1);
    Path b = folder.resolve("b.arrow");
    write(b, false, List.of("number"), 1);

    assertThatThrownBy(() -> ArrowFile.open(List.of(a, b)))
        .hasMessageStartingWith("[data/BAD_ARROW_FILE] " + b + " has the columns [number: Int(32")
        .hasMessageContaining(", but " + a + " has [number: ")
        .hasMessageEndingWith("Write all parts alike.");
  }

  @Test
  void aColumnThatIsMissingOrOfAnotherTypeIsNamedWithTheFile() throws IOException {
    Path path = write("rows.arrow", 1);
    ArrowFile file = ArrowFile.open(path);

    assertThat(file.has("price")).isFalse();
    assertThatThrownBy(() -> file.nodes("price"))
        .hasMessageStartingWith("[data/MISSING_COLUMN] " + path + " has no column 'price'; it has")
        .hasMessageContainingAll("number", "text", "list");
    assertThat(file.wrongType("text", "int32"))
        .hasMessage("[data/WRONG_TYPE] " + path + ": column 'text' has type Utf8; expected int32.");
  }

  @Test
  void columnsOfOneNameAreRefused() throws IOException {
    Path path = folder.resolve("rows.arrow");
    write(path, false, List.of("number", "number"), 1);

    assertThatThrownBy(() -> ArrowFile.open(path))
        .hasMessage("[data/BAD_ARROW_FILE] %s has two columns 'number'.".formatted(path));
  }

  @Test
  void whatIsNoArrowFileIsRefusedWithTheReason() throws IOException {
    Path missing = folder.resolve("missing.arrow");
    assertThatThrownBy(() -> ArrowFile.open(missing))
        .hasMessage(
            "[data/MISSING_FILE] %s does not exist. Prepare the data again, or copy all of it."
                .formatted(missing));
    Path stream = folder.resolve("stream.arrow");
    write(stream, true, List.of("number"), 1);
    refused(stream, "is not an Arrow IPC file (an Arrow stream is not one, nor is Parquet).");
    refused(Files.write(folder.resolve("short"), MAGIC), "is too short for an Arrow IPC file.");
    assertThatThrownBy(() -> ArrowFile.open(folder))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/FILE] A file operation failed at " + folder);
  }

  /** The length of the footer stands before the last six bytes. */
  @Test
  void aFooterThatCannotBeIsRefused() throws IOException {
    Path path = write("rows.arrow", 1);
    ByteBuffer bytes = bytes(path);
    int size = bytes.capacity();
    for (int length : new int[] {0, -1, size - 19, size, Integer.MAX_VALUE}) {
      Files.write(path, bytes.putInt(size - 10, length).array());

      refused(path, "has a broken footer.");
    }
  }

  /** The 777 rows stand in the batch and with each column; the text is the second. */
  @Test
  void aColumnOfAnotherLengthThanItsBatchIsRefused() throws IOException {
    Path path = write("rows.arrow", 777);
    ByteBuffer bytes = bytes(path);
    int found = 0;
    for (int at = 0; at < bytes.capacity() - 8; at += 8) {
      if (bytes.getLong(at) == 777 && ++found == 3) {
        bytes.putLong(at, 776);
      }
    }
    assertThat(found).isEqualTo(4);
    Files.write(path, bytes.array());

    refused(path, "has a record batch of 777 rows with 776 of column 'text'.");
  }

  /** One bit of every third byte in turn. */
  @Test
  void damageIsRefusedByTheFileOrTouchesValuesAlone() throws IOException {
    Path path = write("rows.arrow", 2, 1);
    byte[] whole = Files.readAllBytes(path);
    int refused = 0;
    for (int at = 0; at < whole.length; at += 3) {
      byte[] damaged = whole.clone();
      damaged[at] ^= (byte) (1 << at % Byte.SIZE);
      Files.write(path, damaged);
      try {
        ArrowFile.open(path);
      } catch (MsrException e) {
        assertThat(e.getMessage()).as("byte %d", at).startsWith("[data/").contains(path.toString());
        refused++;
      }
    }
    assertThat(refused).isPositive();
    for (int length = 0; length < whole.length; length += 31) {
      Path cut = Files.write(folder.resolve("cut.arrow"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ArrowFile.open(cut)).hasMessageStartingWith("[data/BAD_ARROW_FILE]");
    }
  }

  private static void refused(Path path, String problem) {
    assertThatThrownBy(() -> ArrowFile.open(path))
        .isInstanceOf(MsrException.class)
        .hasMessage("[data/BAD_ARROW_FILE] %s %s", path, problem);
  }

  private static ByteBuffer bytes(Path path) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes numbers, texts and lists, in batches of some rows. */
  private Path write(String name, int... batches) throws IOException {
    Path path = folder.resolve(name);
    try (BufferAllocator allocator = new RootAllocator();
        OutputStream out = Files.newOutputStream(path);
        VectorSchemaRoot root = VectorSchemaRoot.create(SCHEMA, allocator);
        ArrowWriter writer = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
      IntVector numbers = (IntVector) root.getVector("number");
      VarCharVector texts = (VarCharVector) root.getVector("text");
      ListVector lists = (ListVector) root.getVector("list");
      writer.start();
      int row = 0;
      for (int size : batches) {
        root.allocateNew();
        UnionListWriter list = lists.getWriter();
        for (int i = 0; i < size; i++, row++) {
          if (row == 1) {
            numbers.setNull(i);
          } else {
            numbers.setSafe(i, 10 * row);
          }
          texts.setSafe(
              i,
              String.valueOf((char) ('a' + row % 26))
                  .repeat(row % 5)
                  .getBytes(StandardCharsets.UTF_8));
          list.setPosition(i);
          list.startList();
          for (int n = 0; n < row % 5; n++) {
            list.integer().writeInt(-row);
          }
          list.endList();
        }
        root.setRowCount(size);
        writer.writeBatch();
      }
      writer.end();
    }
    return path;
  }

  /** Writes a row of numbers in columns of these names. */
  private static void write(Path path, boolean stream, List<String> names, int number)
      throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        IntVector first = new IntVector(names.get(0), allocator);
        IntVector last = new IntVector(names.get(names.size() - 1), allocator);
        OutputStream out = Files.newOutputStream(path);
        VectorSchemaRoot root =
            names.size() == 1
                ? VectorSchemaRoot.of(first)
                : new VectorSchemaRoot(List.of(first, last));
        ArrowWriter writer =
            stream
                ? new ArrowStreamWriter(root, null, out)
                : new ArrowFileWriter(root, null, Channels.newChannel(out))) {
      first.setSafe(0, number);
      last.setSafe(0, number);
      root.setRowCount(1);
      writer.writeBatch();
      writer.end();
    }
  }
}
