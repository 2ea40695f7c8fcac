package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where the files of a model are found; the build points the hub's cache to a folder of its own.
 */
class ModelFolderTest {

  private static final String COMMIT = "76543210".repeat(5);

  @TempDir Path base;

  @Test
  void findsAModelOfTheHubInItsCache() throws IOException {
    Path repository = Path.of(System.getenv("HF_HUB_CACHE")).resolve("models--owner--tiny-decoder");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(COMMIT));
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.writeString(snapshot.resolve(file), "{}");
    }
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/v1"), COMMIT);

    assertThat(ModelFolder.find(config("hf:owner/tiny-decoder@v1"), base))
        .isEqualTo(
            new ModelFolder(
                "owner/tiny-decoder", COMMIT, snapshot, snapshot.resolve("tokenizer.json")));
    assertThatThrownBy(() -> ModelFolder.find(config("hf:owner/other-decoder"), base))
        .hasMessageContaining("[model/NOT_CACHED] the model owner/other-decoder@main");
  }

  @Test
  void checkingAsksNoHub() {
    new DecoderFactory().check(config("hf:owner/other-decoder"), base);
    assertThatThrownBy(() -> new DecoderFactory().check(config("hf:"), base))
        .hasMessageContaining("[model/BAD_SOURCE]");
    assertThatThrownBy(() -> new DecoderFactory().check(config("nowhere"), base))
        .hasMessageContaining("no file config.json in " + base.resolve("nowhere"));
  }

  private static DecoderConfig config(String model) {
    return new DecoderConfig(
        model,
        null,
        null,
        null,
        DecoderConfig.Position.PROMPT_END,
        false,
        DecoderConfig.Precision.FLOAT32,
        DecoderConfig.Template.NONE,
        null,
        64,
        1,
        0,
        1,
        7);
  }
}
