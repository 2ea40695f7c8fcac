package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.data.prepared.DatasetSettings;
import org.llm4msr.runtime.data.prepared.ManifestFile;

class DatasetSettingsTest {

  @TempDir Path folder;

  /** As a folder was written before the pool was a setting. */
  @Test
  void negativesOfAFolderThatNamesNoPoolAreThoseOfEarlierParts() throws IOException {
    DatasetConfig earlier = config(1, NegativePool.EARLIER);
    Path former = prepare(earlier);

    assertThat(recorded(former, earlier)).isEqualTo(DatasetSettings.of(earlier));
    assertThat(recorded(former, earlier)).containsEntry("negatives.pool", "earlier");
    assertThat(DatasetSettings.of(config(1, NegativePool.PART)))
        .containsEntry("negatives.pool", "part");
    assertThat(DatasetSettings.of(config(1, NegativePool.near(3))))
        .containsEntry("negatives.pool.days", "3")
        .doesNotContainKey("negatives.pool");
  }

  @Test
  void aFolderWithoutNegativesHasNoPool() throws IOException {
    DatasetConfig none = config(0, NegativePool.PART);

    assertThat(recorded(prepare(none), none))
        .isEqualTo(DatasetSettings.of(none))
        .doesNotContainKey("negatives.pool");
  }

  /** As a folder was written before logged rows alone were counted. */
  @Test
  void drawnRowsCountedInAFolderThatDoesNotSayOtherwise() throws IOException {
    DatasetConfig config = config(1, NegativePool.PART);
    Path target = prepare(config);
    assertThat(drawnRowsCounted(target)).isFalse();

    edit(target, "\"loggedFrequency\"[^,]*,");
    assertThat(drawnRowsCounted(target)).as("each value is frequent").isFalse();

    Path manifest = target.resolve(ManifestFile.NAME);
    Files.writeString(
        manifest,
        Files.readString(manifest).replace("\"minFrequency\" : 1", "\"minFrequency\" : 2"));
    assertThat(drawnRowsCounted(target)).isTrue();
  }

  private static boolean drawnRowsCounted(Path target) {
    return DatasetSettings.drawnRowsCounted(ManifestFile.read(target));
  }

  private static DatasetConfig config(int perPositive, NegativePool pool) {
    return Preparations.drawing(
        Preparations.BY_TIME,
        1,
        new NegativesConfig(perPositive, NegativesConfig.Draw.UNIFORM, pool, 0, 1));
  }

  /** Prepares data whose manifest has no line for the pool. */
  private Path prepare(DatasetConfig config) throws IOException {
    Path target = folder.resolve("prepared");
    Preparations.prepare(DatasetPreparationTest.twelveRows(), config, target).close();
    edit(target, "\"negatives.pool\"[^,]*,");
    assertThat(target.resolve(ManifestFile.NAME)).content().doesNotContain("negatives.pool");
    return target;
  }

  private static void edit(Path target, String without) throws IOException {
    Path manifest = target.resolve(ManifestFile.NAME);
    String text = Files.readString(manifest);
    Files.writeString(manifest, text.replaceFirst(without, ""));
  }

  private static Map<String, String> recorded(Path target, DatasetConfig config) {
    return DatasetSettings.recorded(ManifestFile.read(target), config);
  }
}
