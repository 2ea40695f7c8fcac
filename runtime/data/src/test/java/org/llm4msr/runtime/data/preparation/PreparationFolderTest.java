package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.files.Checksums;

/** What happens at and beside the target of a preparation. */
class PreparationFolderTest {

  @TempDir Path folder;
  private Path target;
  private Path source;

  private final DatasetConfig floorOne = Preparations.config(Preparations.BY_TIME, 1);
  private final DatasetConfig floorTwo = Preparations.config(Preparations.BY_TIME, 2);

  @BeforeEach
  void writeSource() throws IOException {
    target = folder.resolve("prepared");
    source = Files.writeString(Files.createTempFile("raw", ".csv"), "twelve rows");
  }

  private PreparationResult prepare(DatasetConfig config, boolean force) {
    ListReader reader = DatasetPreparationTest.twelveRows();
    reader.sources.add(source);
    PreparationRequest request = new PreparationRequest(config, target, 256L << 20, 1, force);
    return DatasetPreparation.prepare(reader, request, Progress.NONE);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void reusesWhatTheSameSettingsAndSourcesGave() throws IOException {
    PreparationResult first = prepare(floorOne, false);
    assertThat(first.reused()).isFalse();
    PreparationResult second = prepare(floorOne, false);
    assertThat(second.reused()).isTrue();
    assertThat(second.manifest()).isEqualTo(first.manifest());
    assertThat(names()).containsExactly("prepared");
    assertThat(first.manifest().sources()).hasSize(1);
    // echo -n 'twelve rows' | sha256sum
    assertThat(first.manifest().sources().get(0).sha256())
        .isEqualTo("c2eced22e7d08c3c31210c14d7ece1bb157b534bba387a93ddc7e492aafdef00");
  }

  @Test
  void replacesOtherDataOnlyWithForce() throws IOException {
    prepare(floorOne, false);
    assertThatThrownBy(() -> prepare(floorTwo, false))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/OTHER_DATA]");
    assertThat(PreparedData.open(target).manifest().minFrequency()).isEqualTo(1);
    assertThat(prepare(floorTwo, true).reused()).isFalse();
    assertThat(PreparedData.open(target).manifest().minFrequency()).isEqualTo(2);
    Files.writeString(source, "changed");
    assertThatThrownBy(() -> prepare(floorTwo, false))
        .hasMessageContaining("other settings or sources");
    assertThat(names()).containsExactly("prepared");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"formatVersion\" : 1|\"formatVersion\" : 2|has format version 2; this release reads 1",
        "\"users\"|\"users|is broken",
        "\"users\"|\"persons\"|is broken"
      })
  void replacesDataThatItCannotReadOnlyWithForce(String text, String other, String reason)
      throws IOException {
    prepare(floorOne, false);
    Path manifest = target.resolve("dataset.json");
    String changed = Files.readString(manifest).replace(text, other);
    Files.writeString(manifest, changed);

    assertThatThrownBy(() -> prepare(floorOne, false))
        .hasMessageContainingAll(
            "[data/OTHER_DATA] " + target + " cannot be read: ",
            reason,
            "Replace it with",
            "--force");
    assertThat(manifest).hasContent(changed);
    assertThat(prepare(floorOne, true).reused()).isFalse();
  }

  @Test
  void neverReplacesAFolderOfSomethingElse() throws IOException {
    Files.createDirectory(target);
    Files.writeString(target.resolve("thesis.tex"), "years of work");
    assertThatThrownBy(() -> prepare(floorOne, true)).hasMessageContaining("[data/TARGET_IN_USE]");
    assertThat(target.resolve("thesis.tex")).hasContent("years of work");
  }

  @Test
  void mendsADamagedFolder() throws IOException {
    DatasetManifest manifest = prepare(floorOne, false).manifest();
    Files.writeString(target.resolve("train.arrow"), "short");
    assertThat(prepare(floorOne, false).reused()).isFalse();
    Path users = target.resolve("users.arrow");
    String bytes = Files.readString(users, StandardCharsets.ISO_8859_1);
    assertThat(bytes).contains("annbobcat");
    String changed = bytes.replace("annbobcat", "annbibcat");
    Files.writeString(users, changed, StandardCharsets.ISO_8859_1);
    // The size is right, and nobody looks at every byte.
    assertThat(prepare(floorOne, false).reused()).isTrue();
    assertThat(prepare(floorOne, true).reused()).isFalse();
    for (String name : manifest.files().keySet()) {
      assertThat(Checksums.of(target.resolve(name)))
          .as(name)
          .isEqualTo(manifest.files().get(name).sha256());
    }
  }

  @Test
  void deletesWhatAKilledPreparationLeft() throws IOException {
    Path killed = Files.createDirectories(folder.resolve("prepared.tmp-1/scratch"));
    Files.writeString(killed.resolve("work.duckdb"), "half");
    Files.writeString(folder.resolve("prepared.tmp-1/lock"), "");
    try (PreparationFolder running = PreparationFolder.create(target)) {
      assertThat(folder.resolve("prepared.tmp-1")).doesNotExist();
      prepare(floorOne, false);
      assertThat(running.data()).exists();
    }
    assertThat(names()).containsExactly("prepared");
  }

  @Test
  void deletesWhatWasLeftByAPreparationThatWasKilledAfterItPublished() throws IOException {
    prepare(floorOne, false);
    Files.createDirectories(folder.resolve("prepared.tmp-1/replaced"));
    Files.writeString(folder.resolve("prepared.tmp-1/lock"), "");
    assertThat(prepare(floorOne, false).reused()).isTrue();
    assertThat(names()).containsExactly("prepared");
  }

  @Test
  void saysWhereItMayNotWrite() throws IOException {
    target = Files.writeString(folder.resolve("file"), "").resolve("prepared");
    assertThatThrownBy(() -> prepare(floorOne, false))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("file");
  }

  @Test
  void reportsProgress() {
    List<String> seen = new ArrayList<>();
    PreparationRequest request = new PreparationRequest(floorOne, target, 256L << 20, 1, false);
    DatasetPreparation.prepare(
        DatasetPreparationTest.twelveRows(),
        request,
        (done, total) -> seen.add(done + "/" + total));
    assertThat(seen).startsWith("3/-1", "6/-1").endsWith("8/12", "10/12", "12/12");
  }
}
