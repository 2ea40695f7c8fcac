package org.llm4msr.toolkit.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

class SafetensorsFileTest {

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void name() {
    path = folder.resolve("a.safetensors");
  }

  private void write(String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(path, file.putLong(text.length).put(text).put(data).array());
  }

  private SafetensorsFile open() throws IOException {
    return SafetensorsFile.open(path, how -> new MsrException(ErrorType.DATA, "test/DAMAGED", how));
  }

  private float[] read(String name, int first, int count) throws IOException {
    try (SafetensorsFile file = open()) {
      FloatBuffer target = FloatBuffer.allocate(count);
      file.read(file.arrays().get(name), first, count, target);
      assertThat(target.hasRemaining()).isFalse();
      return target.array();
    }
  }

  /** Bits and values as the standards of both types state them. */
  @Test
  void readsShortNumbers() throws IOException {
    int[] halves = {0x0000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555, 0x7c00};
    ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (int half : halves) {
      bytes.putShort((short) half);
    }
    for (int brain : new int[] {0x3f80, 0xc049, 0x0001, 0x7f7f}) {
      bytes.putShort((short) brain);
    }
    write(
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[2,4],\"data_offsets\":[0,16]},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[16,24]}}",
        bytes.array());
    assertThat(read("h", 0, 8))
        .containsExactly(
            0f, 1f, -2f, 65504f, 0x1p-14f, 0x1p-24f, 0.333251953125f, Float.POSITIVE_INFINITY);
    assertThat(read("h", 4, 2)).containsExactly(0x1p-14f, 0x1p-24f);
    assertThat(read("b", 0, 4)).containsExactly(1f, -3.140625f, 0x1p-133f, 0x1.fep127f);
  }

  @Test
  void readsDoublesAndWholeNumbers() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 * 200_004).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putDouble(0.1).putDouble(-1e300);
    bytes.putLong(Long.MIN_VALUE).putLong(1).putLong(8 * 200_003, 5);
    write(
        "{\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
            + "\"i\":{\"dtype\":\"I64\",\"shape\":[200002],\"data_offsets\":[16,1600032]}}",
        bytes.array());
    assertThat(read("d", 0, 2)).containsExactly(0.1f, Float.NEGATIVE_INFINITY);
    try (SafetensorsFile file = open()) {
      StoredArray ids = file.arrays().get("i");
      assertThat(ids.isInt64()).isTrue();
      assertThat(ids.isReadable()).isFalse();
      assertThat(file.longs(ids)).hasSize(200_002).startsWith(Long.MIN_VALUE, 1, 0).endsWith(0, 5);
    }
  }

  /** More numbers than are read from the file at once. */
  @Test
  void readsWhatWasWritten() throws IOException {
    float[] numbers = new float[600_001];
    numbers[1] = 3;
    numbers[600_000] = 5;
    SafetensorsWriter.write(
        path,
        List.of(
            new Tensor("scalar", List.of(), FloatBuffer.wrap(new float[] {-0.5f})),
            new Tensor("long", List.of(600_001L), FloatBuffer.wrap(numbers))));
    assertThat(read("scalar", 0, 1)).containsExactly(-0.5f);
    assertThat(read("long", 1, 600_000)).startsWith(3, 0).endsWith(0, 5);
  }

  private record Pieces(String name, List<Long> shape, List<FloatBuffer> pieces)
      implements PiecewiseTensor {}

  @Test
  void writesPiecesAsOneArray() throws IOException {
    float[] numbers = new float[300_007];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i;
    }
    List<FloatBuffer> pieces = new ArrayList<>(List.of(FloatBuffer.allocate(0)));
    for (int from = 0; from < numbers.length; from += 100_000) {
      int to = Math.min(from + 100_000, numbers.length);
      pieces.add(FloatBuffer.wrap(Arrays.copyOfRange(numbers, from, to)));
    }
    Tensor after = new Tensor("after", List.of(1L), FloatBuffer.wrap(new float[] {6}));
    Path inPieces = folder.resolve("pieces");
    Path inOne = folder.resolve("one");
    SafetensorsWriter.write(inPieces, List.of(new Pieces("a", List.of(300_007L), pieces), after));
    SafetensorsWriter.write(
        inOne, List.of(new Tensor("a", List.of(300_007L), FloatBuffer.wrap(numbers)), after));

    assertThat(inPieces).hasSameBinaryContentAs(inOne);
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 4})
  void writesNoArrayOfAnotherShape(long rows) {
    Tensor wrong = new Tensor("a", List.of(rows), FloatBuffer.allocate(3));

    assertThatThrownBy(() -> SafetensorsWriter.write(path, List.of(wrong)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a has 3 elements, which is not shape [" + rows + "]");
    assertThat(path).doesNotExist();
  }

  @Test
  void describesArraysThatItCannotRead() throws IOException {
    write(
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a\":{\"dtype\":\"I8\",\"shape\":[2,3],\"data_offsets\":[0,6]}}",
        new byte[6]);
    try (SafetensorsFile file = open()) {
      assertThat(file.arrays()).containsOnlyKeys("a");
      StoredArray array = file.arrays().get("a");
      assertThat(array.shape()).containsExactly(2L, 3L);
      assertThat(array.type()).isEqualTo("I8");
      assertThat(array.isReadable()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,12]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[17],\"data_offsets\":[0,17]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[0,16]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4.5],\"data_offsets\":[0,16]}}|malformed",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,16]}}|malformed",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16,16]}}|malformed",
        "{\"a\":{\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,16]}}|malformed",
        "[1]|its header is not a JSON object (it is a list or a value)",
        "{} {}|its header is not a JSON object (",
        "{\"a\":|its header is not a JSON object (Unexpected end-of-input"
      })
  void refusesWhatDoesNotFit(String header, String says) throws IOException {
    write(header, new byte[16]);
    assertThatThrownBy(this::open).isInstanceOf(MsrException.class).hasMessageContaining(says);
  }

  @Test
  void refusesAFileWithoutHeader() throws IOException {
    Files.write(path, new byte[7]);
    assertThatThrownBy(this::open).hasMessageContaining("it ends before its header");
  }
}
