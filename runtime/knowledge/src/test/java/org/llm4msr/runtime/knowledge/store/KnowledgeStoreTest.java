package org.llm4msr.runtime.knowledge.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.knowledge.extraction.Chosen;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeExtractor;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.SmallLog;
import org.llm4msr.runtime.knowledge.extraction.WordEncoder;

class KnowledgeStoreTest {

  @TempDir Path folder;

  @Test
  void readsAStoreThatPyarrowWrote() throws URISyntaxException {
    Path foreign = Path.of(getClass().getResource("pyarrow-store").toURI());

    KnowledgeStore store = KnowledgeStore.open(foreign);

    // numpy: [float(np.float16(x)) for x in (1/3, 6e-8, 0.1, 1e-5, 2049)]
    assertThat(vector(store.users(), "u1"))
        .containsExactly(0.333251953125f, -2.5f, 65504, 5.960464477539063e-08f);
    assertThat(vector(store.users(), "u2"))
        .containsExactly(0f, -0f, 0.0999755859375f, 1.0013580322265625e-05f);
    assertThat(vector(store.users(), "用户4")).containsExactly(1, 2, 3, 4);
    assertThat(vector(store.users(), "u5")).containsExactly(0.5f, 0.25f, 0.125f, 2048);
    assertThat(vector(store.users(), "u3"))
        .as("the later segment counts")
        .containsExactly(3, 0, 0, 4);
    assertThat(vector(store.scenarios(), "1")).containsExactly(1, 0, 0, 0);
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void vectorsComeBack(Precision precision) {
    WordEncoder encoder = new WordEncoder();
    encoder.change = v -> new float[] {v[1] / 3, -v[0], 1e-3f};
    fill(encoder, SmallLog.of(50), precision);

    float[] read = vector(KnowledgeStore.open(folder).users(), "u1");

    // A float16 has 11 significant bits, so that rounding moves a value by at most 2^-11 of it.
    float share = precision == Precision.FLOAT16 ? 1f / 2048 : 0;
    float first = 28 / 8f / 3;
    assertThat(read[0]).isCloseTo(first, within(first * share));
    assertThat(read[1]).isEqualTo(-8);
    assertThat(read[2]).isCloseTo(1e-3f, within(1e-3f * share));
  }

  @Test
  void missingStoreIsNamed() {
    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[knowledge/NO_STORE] there is no knowledge store. Folder %s. Run 'llm4msr knowledge extract'."
                .formatted(folder));
  }

  @Test
  void otherDataIsRefused() {
    fill(new WordEncoder(), SmallLog.of(5), Precision.FLOAT16);
    KnowledgeStore store = KnowledgeStore.open(folder);

    store.requireSource("data", false);
    assertThatThrownBy(() -> store.requireSource("other split", false))
        .hasMessageContaining("[knowledge/OTHER_DATA]");
  }

  @Test
  void damageIsFoundWhereverAFileIsCut() throws IOException {
    fill(new WordEncoder(), SmallLog.of(20), Precision.FLOAT16);
    Path segment = StoredLevel.segments(folder, Level.USER).get(0);
    byte[] whole = Files.readAllBytes(segment);
    for (int length = 0; length < whole.length; length += 97) {
      Files.write(segment, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> KnowledgeStore.open(folder))
          .as("cut to " + length)
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("[knowledge/DAMAGED]")
          .hasMessageContaining("users-00001.arrow");
    }
    Files.delete(segment);
    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .hasMessageContaining("states 20 vectors of the level USER, the segments hold 0");
  }

  @Test
  void segmentOfAnotherStoreIsRefused() throws IOException {
    fill(new WordEncoder(), SmallLog.of(20), Precision.FLOAT16);
    Path segment = StoredLevel.segments(folder, Level.USER).get(0);
    byte[] foreign = Files.readAllBytes(segment);
    WordEncoder other = new WordEncoder();
    other.revision = "2";
    extractor(other, SmallLog.of(20), Precision.FLOAT16).extract(folder, true, Progress.NONE);
    Files.write(folder.resolve("users-00002.arrow"), foreign);

    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .hasMessageContaining("[knowledge/DAMAGED]")
        .hasMessageContaining("made by another encoder");
  }

  @Test
  void unreadableManifestIsRefused() throws IOException {
    fill(new WordEncoder(), SmallLog.of(5), Precision.FLOAT16);
    Files.writeString(folder.resolve("store.json"), "{\"formatVersion\": 1");
    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .hasMessageContaining("[knowledge/DAMAGED]")
        .hasMessageContaining("store.json");
  }

  @Test
  void leftoversOfAKilledRunAreRemoved() throws IOException {
    fill(new WordEncoder(), SmallLog.of(20), Precision.FLOAT16);
    Files.writeString(folder.resolve("users-00002.arrow.tmp"), "half");
    KnowledgeStore.writeInfo(folder, KnowledgeStore.readInfo(folder));

    fill(new WordEncoder(), SmallLog.of(20), Precision.FLOAT16);

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "store.json", "store.lock", "users-00001.arrow", "scenarios-00001.arrow");
    }
  }

  @Test
  void nearestNeighboursComeWithTheirPrompts() {
    WordEncoder encoder = new WordEncoder();
    encoder.maxTokens = 100;
    // A vector turns with the number of words, so that near word counts are near in angle.
    encoder.change = v -> new float[] {(float) Math.cos(v[0] / 20), (float) Math.sin(v[0] / 20), 0};
    SmallLog log = new SmallLog();
    log.users.put("a", 1);
    log.users.put("b", 5);
    log.users.put("c", 2);
    fill(encoder, log, Precision.FLOAT32);
    KnowledgeInspection inspection = new KnowledgeInspection(KnowledgeStore.open(folder), log, log);

    KnowledgeInspection.Neighbourhood near = inspection.nearest(Level.USER, "a", 2);

    assertThat(near.prompt()).isEqualTo("a likes item 0 .");
    assertThat(near.neighbours())
        .extracting(KnowledgeInspection.Neighbour::key)
        .containsExactly("c", "b");
    assertThat(near.neighbours().get(0).cosine()).isCloseTo(Math.cos(3 / 20.0), within(1e-6));
    assertThat(near.neighbours().get(0).prompt()).isEqualTo("c likes item 0 and item 1 .");
    assertThat(inspection.nearest(Level.SCENARIO, "1", 5).neighbours()).hasSize(1);
    assertThatThrownBy(() -> inspection.nearest(Level.USER, "nobody", 2))
        .hasMessageContaining("[knowledge/UNKNOWN_KEY]");
  }

  @Test
  void summaryTellsNormsAndMeanCosine() {
    WordEncoder encoder = new WordEncoder();
    int[] call = {0};
    List<float[]> vectors =
        List.of(
            new float[] {1, 0, 0},
            new float[] {1, 0, 0},
            new float[] {3, 0, 0},
            new float[] {0, 4, 0},
            new float[] {3, 4, 0});
    encoder.change = v -> vectors.get(call[0]++);
    fill(encoder, SmallLog.of(3), Precision.FLOAT32);

    KnowledgeInspection.LevelSummary users =
        KnowledgeInspection.summarize(KnowledgeStore.open(folder)).users();

    assertThat(users.norm()).isEqualTo(new KnowledgeInspection.Range(3, 4, 5));
    // Cosines of the three pairs: 0, 0.6 and 0.8.
    assertThat(users.meanCosine()).isCloseTo(1.4 / 3, within(1e-9));
  }

  @ParameterizedTest
  @EnumSource(Level.class)
  @EnabledOnOs(OS.LINUX)
  void fullDiskIsNamedLeavesNothingUnfinishedAndIsGoneOnFrom(Level level) throws IOException {
    WordEncoder encoder = new WordEncoder();
    String segment = StoredLevel.name(level, 1);
    Path unfinished = folder.resolve(segment + ".tmp");
    encoder.change =
        vector -> {
          if (!Files.exists(unfinished)) {
            link(unfinished);
          }
          return vector;
        };

    SmallLog log = SmallLog.of(3);
    log.items.put("i1", "lamp");
    assertThatThrownBy(() -> fill(encoder, log, Precision.FLOAT32))
        .hasMessage(
            "[knowledge/IO] cannot fill the knowledge store: No space left on device. Folder %s. Check that the disk is available, has free space and can be written to."
                .formatted(folder))
        .rootCause()
        .satisfies(
            cause ->
                assertThat(cause.getSuppressed())
                    .as("no memory is leaked")
                    .noneMatch(IllegalStateException.class::isInstance));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .contains("store.json", "store.lock")
          .noneMatch(name -> name.startsWith(segment));
    }

    encoder.change = vector -> vector;
    fill(encoder, log, Precision.FLOAT32);
    assertThat(vector(KnowledgeStore.open(folder).users(), "u1")).hasSize(3);
  }

  /** Writing to the device fails as on a full disk. */
  private static void link(Path file) {
    try {
      Files.createSymbolicLink(file, Path.of("/dev/full"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void fill(WordEncoder encoder, SmallLog log, Precision precision) {
    extractor(encoder, log, precision).extract(folder, false, Progress.NONE);
  }

  private static KnowledgeExtractor extractor(
      WordEncoder encoder, SmallLog log, Precision precision) {
    return new KnowledgeExtractor(
        log,
        "data",
        log,
        encoder,
        new KnowledgeExtractor.Settings(
            1, Chosen.ALL, false, !log.items.isEmpty(), precision, List.of(), Map.of()),
        Duration.ofHours(1));
  }

  private static float[] vector(KnowledgeSource source, String key) {
    float[] vector = new float[source.dimension()];
    assertThat(source.read(key, vector)).as(key).isTrue();
    return vector;
  }
}
