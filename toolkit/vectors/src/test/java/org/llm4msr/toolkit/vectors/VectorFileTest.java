package org.llm4msr.toolkit.vectors;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.vectors.VectorTable.Gaps;

/** Reads files written byte by byte; the vectors are (1, -2, 0.5) and (0, 65504, -0.25). */
class VectorFileTest {

  /**
   * As the standards of the types state them; 65504 is the largest float16, in BF16 it is 65536.
   */
  private static final List<Double> NUMBERS = List.of(1.0, -2.0, 0.5, 0.0, 65504.0, -0.25);

  private static final int[] F16 = {0x3c00, 0xc000, 0x3800, 0x0000, 0x7bff, 0xb400};
  private static final int[] BF16 = {0x3f80, 0xc000, 0x3f00, 0x0000, 0x4780, 0xbe80};

  @TempDir Path folder;

  private static VectorSettings settings(@Nullable String key, @Nullable String vector) {
    return new VectorSettings(key, vector, "test", "the file's setting", "the columns' settings");
  }

  private static byte[] numbers(String type) {
    ByteBuffer bytes = ByteBuffer.allocate(6 * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      double number = NUMBERS.get(i);
      switch (type) {
        case "F16", "<f2" -> bytes.putShort((short) F16[i]);
        case "BF16" -> bytes.putShort((short) BF16[i]);
        case "F32", "<f4" -> bytes.putFloat((float) number);
        default -> bytes.putDouble(number);
      }
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private static byte[] safetensors(String header, byte[]... data) {
    int size = 8 + header.length();
    for (byte[] part : data) {
      size += part.length;
    }
    ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length()).put(header.getBytes(US_ASCII));
    for (byte[] part : data) {
      file.put(part);
    }
    return file.array();
  }

  private static byte[] npy(String type) {
    byte[] numbers = numbers(type);
    String header = "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }".formatted(type);
    ByteBuffer file = ByteBuffer.allocate(128 + numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 0x93).put("NUMPY\1\0".getBytes(US_ASCII)).putShort((short) 118);
    return file.put("%-117s\n".formatted(header).getBytes(US_ASCII)).put(numbers).array();
  }

  private Path write(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private VectorTable read(Path file, @Nullable String key, @Nullable String vector, Gaps gaps) {
    return VectorTable.read(VectorFile.of(file, settings(key, vector)), gaps, folder, 1);
  }

  private static List<Float> vector(VectorTable table, String key) {
    float[] vector = new float[table.dimension()];
    assertThat(table.read(key, vector)).as(key).isTrue();
    List<Float> numbers = new ArrayList<>();
    for (float number : vector) {
      numbers.add(number);
    }
    return numbers;
  }

  @ParameterizedTest
  @CsvSource({"F16, 65504", "BF16, 65536", "F32, 65504", "F64, 65504"})
  void readsSafetensorsWithTheirKeysBesideThem(String type, float largest) throws IOException {
    byte[] numbers = numbers(type);
    String header =
        "{\"image\":{\"dtype\":\"%s\",\"shape\":[2,3],\"data_offsets\":[0,%d]}}"
            .formatted(type, numbers.length);
    Path file = write("a.safetensors", safetensors(header, numbers));
    Files.writeString(folder.resolve("a.keys.txt"), "i7\n007\n");

    VectorTable table = read(file, null, null, Gaps.REFUSED);

    assertThat(table.keys()).containsExactly("i7", "007");
    assertThat(vector(table, "i7")).containsExactly(1f, -2f, 0.5f);
    assertThat(vector(table, "007")).containsExactly(0f, largest, -0.25f);
    assertThat(table.has("7")).isFalse();
    assertThat(VectorFile.of(file, settings(null, null)).parts())
        .containsExactly(file, folder.resolve("a.keys.txt"));
  }

  @ParameterizedTest
  @CsvSource({"<f2", "<f4", "<f8"})
  void readsMatricesOfNumPy(String type) throws IOException {
    Path file = write("a.npy", npy(type));
    Files.writeString(folder.resolve("a.keys.txt"), "i7\n007\n");

    VectorTable table = read(file, null, null, Gaps.REFUSED);

    assertThat(vector(table, "i7")).containsExactly(1f, -2f, 0.5f);
    assertThat(vector(table, "007")).containsExactly(0f, 65504f, -0.25f);
    assertThat(VectorFile.of(file, settings(null, null)).size(folder, 1)).isEqualTo(3);
  }

  /** Ids, a matrix, another one, and an array of bytes. */
  private Path several() throws IOException {
    ByteBuffer ids = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    ids.putLong(12345678901L).putLong(-2);
    String header =
        "{\"ids\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
            + "\"image\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[16,40]},"
            + "\"sound\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[16,40]},"
            + "\"short\":{\"dtype\":\"I8\",\"shape\":[2,3],\"data_offsets\":[0,6]}}";
    return write("several.safetensors", safetensors(header, ids.array(), numbers("F32")));
  }

  @Test
  void anArrayOfIdsHoldsTheKeysIfItIsNamed() throws IOException {
    VectorTable table = read(several(), "ids", "image", Gaps.REFUSED);

    assertThat(table.keys()).containsExactly("12345678901", "-2");
    assertThat(vector(table, "-2")).containsExactly(0f, 65504f, -0.25f);
    assertThat(VectorFile.of(several(), settings("ids", "image")).parts()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ids | | it needs one array (n, K) of F16, BF16, F32 or F64, its arrays are ids I64 (2), image F32 (2, 3), short I8 (2, 3), sound F32 (3, 2)",
        "ids | short | it needs one array (n, K) of F16, BF16, F32 or F64 called short",
        "ids | picture | it has no array picture, its arrays are ids I64 (2), image",
        "ids | sound | the array of keys is ids I64 (2), the matrix has 3 rows and needs I64 (3)",
        "short | image | the array of keys is short I8 (2, 3), the matrix has 2 rows and needs I64 (2)"
      })
  void refusesOtherArrays(String key, @Nullable String vector, String reason) throws IOException {
    Path file = several();
    assertThatThrownBy(() -> read(file, key, vector, Gaps.KEPT))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[test/VECTORS_NOT_READABLE] cannot read vectors: " + reason)
        .hasMessageEndingWith(
            " File %s. Check that it is complete, and the columns' settings.", file);
  }

  @Test
  void saysHowToNameTheRowsOfSafetensors() throws IOException {
    Path file = several();
    assertThatThrownBy(() -> read(file, null, "image", Gaps.KEPT))
        .hasMessage(
            "[test/VECTORS_NOT_FOUND] no file %s, which names the rows of %s. Write it with one key per line, in the order of the rows, or name an int64 array of %2$s that holds the keys; see the columns' settings.",
            folder.resolve("several.keys.txt"), file);
    Files.writeString(folder.resolve("several.keys.txt"), "a\n");
    assertThatThrownBy(() -> read(file, null, "image", Gaps.KEPT))
        .hasMessageContaining("it has 2 rows, %s has 1 lines", folder.resolve("several.keys.txt"));
    Files.writeString(folder.resolve("several.keys.txt"), "a\nb\nc\n");
    assertThatThrownBy(() -> read(file, null, "image", Gaps.KEPT))
        .hasMessageContaining(
            "it has 2 rows, %s has more lines", folder.resolve("several.keys.txt"));
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 300));
    assertThatThrownBy(() -> read(file, null, "image", Gaps.KEPT))
        .hasMessageContaining("[test/VECTORS_NOT_READABLE]");
  }

  @Test
  void keysThatAreNoUtf8AreNamedByTheirFile() throws IOException {
    Path file = write("latin.npy", npy("<f4"));
    Path keys =
        Files.write(folder.resolve("latin.keys.txt"), "caf\u00e9\ni7\n".getBytes(ISO_8859_1));

    assertThatThrownBy(() -> read(file, null, null, Gaps.KEPT))
        .hasMessage(
            "[test/VECTORS_NOT_READABLE] cannot read vectors: its keys are not UTF-8. File %s. Check that it is complete, and the columns' settings.",
            keys);
  }

  @Test
  void missingFilesAndOtherFormatsNameTheSetting() throws IOException {
    assertThatThrownBy(() -> read(folder.resolve("no.npy"), null, null, Gaps.KEPT))
        .hasMessage(
            "[test/VECTORS_NOT_FOUND] no file %s. Check the file's setting.",
            folder.resolve("no.npy"));
    Path other = write("a.pkl", new byte[1]);
    assertThatThrownBy(() -> read(other, null, null, Gaps.KEPT))
        .hasMessageStartingWith("[test/VECTORS_FORMAT] " + other)
        .hasMessageContaining(".safetensors");
  }

  /** Of a null and of NaN only those who ask for it hear nothing. */
  @Test
  void gapsAreKeptOrRefused() throws IOException {
    Path file = folder.resolve("gaps.csv");
    Files.writeString(file, "id,image\nnone,\na,[1 nan]\nb,[3 4]\n");

    VectorTable table = read(file, null, null, Gaps.KEPT);

    assertThat(table.keys()).containsExactly("a", "b");
    assertThat(vector(table, "a")).containsExactly(1f, Float.NaN);
    assertThat(VectorFile.of(file, settings(null, null)).size(folder, 1)).isEqualTo(2);
    assertThatThrownBy(() -> read(file, null, null, Gaps.REFUSED))
        .hasMessage(
            "[test/WRONG_VECTORS] the vectors cannot be used: the key none has a null in place of a vector. File %s. Fix the file.",
            file);
    Files.writeString(file, "id,image\na,[1 nan]\n");
    assertThatThrownBy(() -> read(file, null, null, Gaps.REFUSED))
        .hasMessageContaining("number 1 of the vector of a is NaN");
  }

  /** Each is refused with the key, and what is expected. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a,[1 2]\\nb,[1 2 3] | the vector of b has 3 numbers, those before have 2",
        "a,[1 2]\\nb,[1 2]\\na,[1 2] | the key a occurs twice",
        "a,\\n,[1 2] | row 2 has no key",
        "a, | it has no rows"
      })
  void refusesRowsThatDoNotFitEvenIfGapsAreKept(String rows, String reason) throws IOException {
    Path file = folder.resolve("wrong.csv");
    Files.writeString(file, "id,image\n" + rows.replace("\\n", "\n") + "\n");
    assertThatThrownBy(() -> read(file, null, null, Gaps.KEPT))
        .hasMessage(
            "[test/WRONG_VECTORS] the vectors cannot be used: %s. File %s. Fix the file.",
            reason, file);
  }

  @Test
  void aFileWithoutVectorsHasNoSize() throws IOException {
    Path file = Files.writeString(folder.resolve("none.csv"), "id,image\na,\n");
    assertThatThrownBy(() -> VectorFile.of(file, settings(null, null)).size(folder, 1))
        .hasMessageContaining("it has no vectors");
  }
}
