package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Files that want more than settings. */
class HostileConfigTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "workspace: !!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL"
            + " ['http://localhost/']]]]",
        "workspace: !!java.io.File {path: /tmp}",
        "!!org.llm4msr.runtime.config.ExperimentConfig {workspace: w}",
        "workspace: !own w",
        "workspace: !<tag:yaml.org,2002:java/object:java.lang.Object> w",
        "workspace: {[!!java.net.URL [x]]: y}"
      })
  void aTagThatNamesATypeIsRefused(String yaml) throws IOException {
    MsrException error = load(yaml);

    assertThat(error.code()).isEqualTo("config/INVALID");
    assertThat(error.type()).isEqualTo(ErrorType.USER);
    assertThat(error.getMessage())
        .containsPattern(
            "e.yaml:1:\\d+\\): (is not valid YAML: Global tag is not allowed|has the tag !)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.llm4msr.runtime.config.loading.ConfigPlugins$Mmoe",
        "java.lang.ProcessBuilder",
        "../plugins/evil.jar",
        "file:///evil.jar"
      })
  void aClassOrAPathIsNoNameOfAPlugin(String name) throws IOException {
    MsrException error =
        load("dataset: {name: movies, path: .}\nmodel: {backbone: '" + name + "'}");

    assertThat(error.code()).isEqualTo("config/INVALID");
    assertThat(error).hasMessageContaining("there is no such backbone: there are flat, mmoe");
  }

  @Test
  void plainTagsAreValues() throws IOException {
    assertThat(load("training: {epochs: !!int 0}")).hasMessageContaining("training.epochs = 0");
  }

  @Test
  @Timeout(20)
  void aliasesOfAliasesEnd() throws IOException {
    StringBuilder yaml = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 25; i++) {
      yaml.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    MsrException error = load(yaml.toString());

    assertThat(error.code()).isEqualTo("config/INVALID");
    assertThat(error).hasMessageContaining("more than 100,000 parts");
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "a ", "a:", "\u00A0", "\u201C", "\uFF1A", "k\uFF1Av "})
  void longTextsAreNotExplained(String part) throws IOException {
    String text = "x" + part.repeat(200_000) + "x\u201D";

    assertThat(load("training: { epochs: " + text + " }"))
        .hasMessageContaining("must be a whole number");
    assertThat(load("workspace: " + text + "\ntraining: { epochs: 5\nmodel: {}\n"))
        .hasMessageContaining("is not valid YAML");
  }

  @Test
  void aHugeFileIsNotRead() throws IOException {
    Path file = folder.resolve("e.yaml");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    MsrException error =
        catchThrowableOfType(MsrException.class, () -> loader().load(file, List.of()));

    assertThat(error.code()).isEqualTo("config/UNREADABLE");
    assertThat(error).hasMessageContaining("it has 1,099,511,627,776 bytes");
  }

  @Test
  void aDeviceIsNotReadToItsEnd() throws IOException {
    assumeThat(Path.of("/dev/zero")).exists();

    MsrException error = load("extends: /dev/zero");

    assertThat(error.code()).isEqualTo("config/UNREADABLE");
    assertThat(error).hasMessageContaining("/dev/zero: it has no end, and no file of its kind has");
  }

  @ParameterizedTest
  @ValueSource(strings = {"extends", "workspace"})
  void noTextHoldsTheCharacterThatEndsAPath(String key) throws IOException {
    MsrException error = load(key + ": \"a\\0b\"\n");

    assertThat(error)
        .hasMessageContaining("e.yaml:1:%d): holds the character U+0000", key.length() + 3);
  }

  private MsrException load(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("e.yaml"), yaml);
    return catchThrowableOfType(MsrException.class, () -> loader().load(file, List.of()));
  }

  private ConfigLoader loader() {
    return ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
  }
}
