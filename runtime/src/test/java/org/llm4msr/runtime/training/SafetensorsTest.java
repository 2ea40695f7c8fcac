package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.training.Safetensors.Tensor;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsWhatItWrote() throws IOException {
    Path file = folder.resolve("a.safetensors");
    float[] big = new float[600_001];
    big[600_000] = 5;
    Safetensors.write(
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
    Safetensors.write(file, List.of(new Tensor("a", List.of(100L), FloatBuffer.allocate(100))));
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 8));

    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model/DAMAGED_FILE");
  }
}
