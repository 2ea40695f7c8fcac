package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

/** Files are read back by Arrow's own reader, hashes by the formula of {@link StoreInfo}. */
class StoreWriterTest {

  private static final Set<Level> ALL = EnumSet.allOf(Level.class);
  private static final Set<Level> PEOPLE = EnumSet.of(Level.USER, Level.SCENARIO);

  private final StoreInfo info = info("words", Precision.FLOAT32);
  @TempDir Path folder;

  @Test
  void writesSegmentsThatArrowItselfReads() throws IOException {
    StoreInfo halves = info("words", Precision.FLOAT16);
    try (StoreWriter writer = open(halves, ALL)) {
      writer.declare(Level.USER, "u1", hash(1));
      writer.append(
          Level.USER,
          new StoredKnowledge("u1", hash(1), new float[] {1.5f, -2}, "likes \u00e9t\u00e9", 7, 3));
      writer.declare(Level.USER, "u2", hash(2));
      writer.append(
          Level.USER, new StoredKnowledge("u2", hash(2), new float[] {65504, 0}, null, 1, 0));
      writer.finish(null, null);
    }

    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(folder.resolve("users-00001.arrow"));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      assertThat(root.getSchema().getCustomMetadata())
          .containsExactly(Map.entry("llm4msr.knowledge.identity", halves.identity()));
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(root.getRowCount()).isEqualTo(2);
      assertThat(root.getVector("key").getObject(1)).hasToString("u2");
      assertThat(root.getVector("prompt_hash").getObject(1)).isEqualTo(hash(2));
      // Halves of IEEE 754: 1.5 is 0x3e00, -2 is 0xc000, the largest number 0x7bff.
      assertThat(root.getVector("vector").getObject(0))
          .isEqualTo(List.of((short) 0x3e00, (short) 0xc000));
      assertThat(root.getVector("vector").getObject(1))
          .isEqualTo(List.of((short) 0x7bff, (short) 0));
      assertThat(root.getVector("text").getObject(0)).hasToString("likes \u00e9t\u00e9");
      assertThat(root.getVector("text").getObject(1)).isNull();
      assertThat(root.getVector("tokens").getObject(0)).isEqualTo(7);
      assertThat(root.getVector("dropped_history").getObject(0)).isEqualTo(3);
      assertThat(reader.loadNextBatch()).isFalse();
    }
  }

  @Test
  void aStoreCountsOnlyAfterItsEnd() throws IOException {
    try (StoreWriter writer = open(info, ALL)) {
      fill(writer, Level.USER, "u1", 1);
      assertThatThrownBy(() -> KnowledgeStore.open(folder))
          .hasMessageContaining("[knowledge/INCOMPLETE] the knowledge store is being filled");
    }
    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .hasMessageContaining("[knowledge/INCOMPLETE] filling the knowledge store was interrupted");

    try (StoreWriter writer = open(info, ALL)) {
      assertThat(writer.before(Level.USER).holds("u1", hash(1))).isTrue();
      writer.declare(Level.USER, "u1", hash(1));
      fill(writer, Level.SCENARIO, "s1", 2);
      fill(writer, Level.ITEM, "i1", 3);
      fill(writer, Level.ITEM, "i2", 4);
      writer.finish(new Without(5, 0, 0, 0, 0), new Without(0, 6, 0, 0, 0));
    }

    StoreInfo finished = KnowledgeStore.open(folder).info();
    assertThat(List.of(finished.users(), finished.scenarios(), finished.items()))
        .containsExactly(1L, 1L, 2L);
    assertThat(finished.usersWithout()).isEqualTo(new Without(5, 0, 0, 0, 0));
    assertThat(finished.itemsWithout()).isEqualTo(new Without(0, 6, 0, 0, 0));
  }

  @Test
  void contentIsTheHashOfIdentityKeysPromptsAndRefusals() throws Exception {
    StoreInfo finished;
    try (StoreWriter writer = open(info, ALL)) {
      fill(writer, Level.SCENARIO, "s", 1);
      fill(writer, Level.USER, "u", 2);
      fill(writer, Level.ITEM, "i", 3);
      writer.declare(Level.USER, "b", hash(4));
      writer.declare(Level.USER, "a", hash(5));
      writer.refuse(Level.USER, "b");
      writer.refuse(Level.USER, "a");
      finished = writer.finish(null, null);
    }

    String identity = info.identity();
    assertThat(finished.content())
        .isEqualTo(
            sha256(
                identity,
                "SCENARIO s",
                hash(1),
                "USER u",
                hash(2),
                "USER b",
                hash(4),
                "USER a",
                hash(5),
                "refused a",
                "refused b"));
    assertThat(finished.itemContent()).isEqualTo(sha256(identity, "ITEM i", hash(3)));
    assertThat(finished.users()).isEqualTo(1);
    assertThat(finished.itemSource()).isEqualTo("data");
  }

  @Test
  void aKeyThatIsDeclaredTwiceIsTheBuildersFault() throws IOException {
    try (StoreWriter writer = open(info, ALL)) {
      writer.declare(Level.USER, "same", hash(1));
      writer.declare(Level.ITEM, "same", hash(1));
      assertThatThrownBy(() -> writer.declare(Level.USER, "same", hash(2)))
          .hasMessageContaining("[knowledge/DUPLICATE_KEY]")
          .hasMessageContaining("Level USER, key same.");
    }
  }

  @Test
  void aNewVectorReplacesTheOldAndThoseOfNobodyGo() throws IOException {
    fillUsers(Map.of("stays", 1, "changes", 2, "goes", 3, "refused", 4));

    try (StoreWriter writer = open(info, PEOPLE)) {
      writer.declare(Level.USER, "stays", hash(1));
      fill(writer, Level.USER, "changes", 20);
      writer.declare(Level.USER, "refused", hash(5));
      writer.refuse(Level.USER, "refused");
      writer.finish(null, null);
    }

    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.keys(Level.USER)).containsExactlyInAnyOrder("stays", "changes");
    assertThat(vector(store.users(), "stays")).containsExactly(1, -1);
    assertThat(vector(store.users(), "changes")).containsExactly(20, -20);
    assertThat(store.level(Level.USER).rows()).as("rows on disk").isEqualTo(2);
    assertThat(names()).containsExactly("store.json", "store.lock", "users-00003.arrow");
  }

  @Test
  void whatHasNotChangedKeepsHashesThatWereMadeOtherwise() throws IOException {
    fillUsers(Map.of("u1", 1, "u2", 2));
    KnowledgeStore.writeInfo(
        folder, KnowledgeStore.readInfo(folder).completed("made otherwise", 0, 2, 0));

    assertThat(declareUsers(Map.of("u1", 1, "u2", 2)).content()).isEqualTo("made otherwise");
    assertThat(names()).containsExactly("store.json", "store.lock", "users-00001.arrow");
    assertThat(declareUsers(Map.of("u1", 1)).content()).isNotEqualTo("made otherwise");
  }

  @Test
  void anotherPromptMakesAnotherHash() throws IOException {
    fillUsers(Map.of("u1", 1));
    KnowledgeStore.writeInfo(
        folder, KnowledgeStore.readInfo(folder).completed("made otherwise", 0, 1, 0));

    assertThat(fillUsers(Map.of("u1", 9)).content()).hasSize(64);
  }

  @Test
  void levelsThatAreNotFilledStayAsTheyWere() throws IOException {
    StoreInfo first;
    try (StoreWriter writer = open(info, ALL)) {
      fill(writer, Level.ITEM, "i1", 1);
      first = writer.finish(null, new Without(0, 0, 8, 0, 0));
    }

    StoreInfo second = fillUsers(Map.of("u1", 2));

    assertThat(second.items()).isEqualTo(1);
    assertThat(second.itemContent()).isEqualTo(first.itemContent());
    assertThat(second.itemSource()).isEqualTo("data");
    assertThat(second.itemsWithout()).isEqualTo(new Without(0, 0, 8, 0, 0));
    assertThat(vector(KnowledgeStore.open(folder).items(), "i1")).containsExactly(1, -1);
  }

  @Test
  void moreThanSixteenSmallSegmentsBecomeOne() throws IOException {
    Map<String, Integer> all = new TreeMap<>();
    for (int i = 1; i <= 17; i++) {
      all.put("u" + i, i);
      try (StoreWriter writer = open(info, PEOPLE)) {
        fill(writer, Level.USER, "u" + i, i);
      }
      if (i == 16) {
        declareUsers(all);
        assertThat(StoredLevel.segments(folder, Level.USER)).hasSize(16);
      }
    }

    declareUsers(all);

    assertThat(names()).containsExactly("store.json", "store.lock", "users-00018.arrow");
    for (int i = 1; i <= 17; i++) {
      assertThat(vector(KnowledgeStore.open(folder).users(), "u" + i)).containsExactly(i, -i);
    }
  }

  @Test
  void oneFillsAtATimeAndWhoFailsToBeginLetsOthers() throws IOException {
    StoreInfo other = info("other words", Precision.FLOAT32);
    try (StoreWriter writer = open(info, ALL)) {
      assertThatThrownBy(() -> open(info, ALL)).hasMessageContaining("[knowledge/LOCKED]");
      writer.finish(null, null);
    }
    assertThatThrownBy(() -> open(other, ALL))
        .hasMessageContaining("[knowledge/STORE_MISMATCH]")
        .hasMessageContaining("encoder model was words and is now other words");
    assertThat(StoreWriter.isFilling(folder)).isFalse();
    assertThat(KnowledgeStore.open(folder).info().encoder().model()).isEqualTo("words");
  }

  @Test
  void rebuildingDiscardsAllThatWasThere() throws IOException {
    fillUsers(Map.of("u1", 1));
    StoreInfo other = info("other words", Precision.FLOAT32);
    try (StoreWriter writer = StoreWriter.open(folder, other, ALL, true, Duration.ofHours(1))) {
      assertThat(writer.before(Level.USER).size()).isZero();
      assertThat(names()).containsExactly("store.json", "store.lock");
      writer.finish(null, null);
    }
    assertThat(KnowledgeStore.open(folder).info().identity()).isEqualTo(other.identity());
  }

  @Test
  void vectorsThatCannotBeStoredLeaveTheRowsBefore() throws IOException {
    try (StoreWriter writer = open(info, ALL)) {
      fill(writer, Level.USER, "u1", 1);
      assertThatThrownBy(
              () ->
                  writer.append(
                      Level.USER, new StoredKnowledge("u2", hash(2), new float[3], null, 1, 0)))
          .hasMessageContaining("[knowledge/WRONG_DIMENSION]")
          .hasMessageContaining("K = 2 but returned 3 numbers. Key u2.");
      assertThatThrownBy(
              () ->
                  writer.append(
                      Level.USER,
                      new StoredKnowledge("u3", hash(2), new float[] {0, Float.NaN}, null, 1, 0)))
          .hasMessageContaining("[knowledge/NOT_FINITE]")
          .hasMessageContaining("returned NaN for element 1. Key u3.");
    }
    StoredLevel users = KnowledgeStore.stored(folder, Level.USER, info);
    assertThat(users.size()).isEqualTo(1);
    assertThat(vector(users, "u1")).containsExactly(1, -1);
    assertThat(names()).containsExactly("store.json", "store.lock", "users-00001.arrow");
  }

  private StoreWriter open(StoreInfo wanted, Set<Level> filled) throws IOException {
    return StoreWriter.open(folder, wanted, filled, false, Duration.ofHours(1));
  }

  private StoreInfo fillUsers(Map<String, Integer> numbers) throws IOException {
    try (StoreWriter writer = open(info, PEOPLE)) {
      for (Map.Entry<String, Integer> user : numbers.entrySet()) {
        fill(writer, Level.USER, user.getKey(), user.getValue());
      }
      return writer.finish(null, null);
    }
  }

  private StoreInfo declareUsers(Map<String, Integer> numbers) throws IOException {
    try (StoreWriter writer = open(info, PEOPLE)) {
      numbers.forEach((user, number) -> writer.declare(Level.USER, user, hash(number)));
      return writer.finish(null, null);
    }
  }

  private static void fill(StoreWriter writer, Level level, String key, int number)
      throws IOException {
    writer.declare(level, key, hash(number));
    float[] vector = {number, -number};
    writer.append(level, new StoredKnowledge(key, hash(number), vector, null, 1, 0));
  }

  private static float[] vector(KnowledgeSource source, String key) {
    float[] vector = new float[2];
    assertThat(source.read(key, vector)).as(key).isTrue();
    return vector;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static StoreInfo info(String model, Precision precision) {
    return StoreInfo.empty(
        new StoreInfo.Encoder(model, "1", "0".repeat(64), "counts", 2, 9),
        "template",
        precision,
        "data",
        1,
        false,
        List.of(),
        Map.of());
  }

  private static byte[] hash(int number) {
    byte[] hash = new byte[32];
    Arrays.fill(hash, (byte) number);
    return hash;
  }

  /** SHA-256 of texts, each after its length, and of hashes, which have none. */
  private static String sha256(Object... parts) throws IOException, NoSuchAlgorithmException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (Object part : parts) {
      byte[] written = part instanceof String text ? text.getBytes(UTF_8) : (byte[]) part;
      if (part instanceof String) {
        out.writeInt(written.length);
      }
      out.write(written);
    }
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
  }
}
