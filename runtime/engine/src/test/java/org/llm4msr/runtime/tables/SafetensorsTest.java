package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsWhatItWrote() throws IOException {
    Path file = folder.resolve("a.safetensors");
    float[] big = new float[600_001];
    big[600_000] = 5;
    SafetensorsWriter.write(
        file,
        List.of(
            new Tensor(
                "b/weight", List.of(2L, 3L), FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6})),
            new Tensor("scalar", List.of(), FloatBuffer.wrap(new float[] {-0.5f})),
            new Tensor("big", List.of(600_001L), FloatBuffer.wrap(big))));

    Map<String, Tensor> read = Safetensors.read(file);

    assertThat(read.get("b/weight").shape()).containsExactly(2L, 3L);
    assertThat(read.get("b/weight").values().array()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(read.get("scalar").values().array()).containsExactly(-0.5f);
    assertThat(Arrays.equals(read.get("big").values().array(), big)).isTrue();
  }

  /** Made by the safetensors package for Python: {@code src/test/python/safetensors_fixture.py}. */
  @Test
  void readsAFileOfTheReferenceImplementation() throws IOException {
    Path file = folder.resolve("reference.safetensors");
    try (InputStream in = getClass().getResourceAsStream("/fixtures/reference.safetensors")) {
      Files.copy(in, file);
    }

    Map<String, Tensor> read = Safetensors.read(file);

    assertThat(read.get("a").shape()).containsExactly(2L, 2L);
    assertThat(read.get("a").values().array()).containsExactly(1.5f, -2, 3e-8f, 4);
    assertThat(read.get("z.é").values().array()).containsExactly(7);
  }

  @Test
  void refusesHalfAFile() throws IOException {
    Path file = folder.resolve("half.safetensors");
    SafetensorsWriter.write(
        file, List.of(new Tensor("a", List.of(100L), FloatBuffer.allocate(100))));
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 8));

    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model/DAMAGED_FILE");
  }

  /** Headers that ask for more than there is, or for nonsense. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "no json",
        "{\"a\": {\"dtype\": \"F16\", \"shape\": [4], \"data_offsets\": [0, 8]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 80]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [-8, 0]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [-1, -2], \"data_offsets\": [0, 8]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [\"x\"], \"data_offsets\": [0, 8]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [3000000000], \"data_offsets\": [0,"
            + " 12000000000]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296, 2], \"data_offsets\": [0,"
            + " 8]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [9223372036854775800,"
            + " 9223372036854775804]}}",
        "{\"a\": 3}"
      })
  void refusesHostileHeadersBeforeAllocating(String header) throws IOException {
    Path file = folder.resolve("hostile.safetensors");
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(text.length).put(text).array());

    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model/DAMAGED_FILE");
  }
}
