package org.llm4msr.plugins.llm.decoder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;

class WeightFilesTest {

  @TempDir Path folder;

  private void write(String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(text.length).put(text).put(data);
    Files.write(folder.resolve("model.safetensors"), file.array());
  }

  private float[] read(String name, int row, int rows, int columns) {
    try (WeightFiles files = WeightFiles.open(folder)) {
      FloatBuffer target = FloatBuffer.allocate(rows * columns);
      files.read(name, row, rows, target);
      return target.array();
    }
  }

  @Test
  void readsRows() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(new float[] {1, 2, 3, 4, 5, 6});
    write(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]}}",
        bytes.array());
    assertThat(read("a", 1, 1, 2)).containsExactly(3, 4);
    assertThat(read("b", 0, 2, 1)).containsExactly(5, 6);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,12]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[4,20]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}|does not fit its shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}|malformed",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}|malformed",
        "{\"a\":[]}|malformed",
        "[1]|not a JSON object",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[16],\"data_offsets\":[0,16]}}|is of type I8"
      })
  void refusesWhatDoesNotFit(String header, String says) throws IOException {
    write(header, new byte[16]);
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining(says)
        .hasMessageContaining("model.safetensors");
  }

  @Test
  void refusesImpossibleHeader() throws IOException {
    Files.write(folder.resolve("model.safetensors"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .hasMessageContaining("its header has an impossible length of 578437695752307201");
  }

  @Test
  void namesThePointerOfGitLfs() throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 269060552\n");
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .hasMessageContaining("Git LFS left a pointer in its place; `git lfs pull`");
  }

  @ParameterizedTest
  @CsvSource({"../secret.safetensors", "model-2.safetensors"})
  void refusesShardsElsewhere(String shard) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a.weight\": \"" + shard + "\"}}");
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("no file '" + shard + "' in")
        .hasMessageContaining("places a.weight");
  }
}
