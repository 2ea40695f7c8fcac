package org.llm4msr.runtime.knowledge.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

/** What processes and machines that stop in the middle of a write leave, byte by byte. */
class SegmentJournalTest {

  private static final int DIMENSION = 3;

  private final StoreInfo info =
      StoreInfo.empty(
          new StoreInfo.Encoder("words", "1", "0".repeat(64), "counts", DIMENSION, 9),
          "template",
          Precision.FLOAT16,
          "data",
          1,
          false,
          List.of(),
          Map.of());

  private final BufferAllocator allocator = new RootAllocator();
  @TempDir Path folder;
  private Path segment;
  private Path unfinished;
  private Path journal;

  @BeforeEach
  void name() {
    segment = folder.resolve("users-00001.arrow");
    unfinished = folder.resolve("users-00001.arrow.tmp");
    journal = folder.resolve("users-00001.arrow.journal.tmp");
  }

  @AfterEach
  void closeAllocator() {
    allocator.close();
  }

  @Test
  void keepsTheBatchesThatWereKept() throws IOException {
    leave(2, 1, 3);

    SegmentJournal.finish(segment, info);

    assertThat(keys()).containsExactly("u0", "u1", "u2", "u3", "u4", "u5");
    assertThat(unfinished).doesNotExist();
    assertThat(journal).doesNotExist();
  }

  @Test
  void keepsWholeBatchesOfASegmentThatIsCutAnywhere() throws IOException {
    leave(2, 1, 3);
    byte[] whole = Files.readAllBytes(unfinished);
    byte[] lines = Files.readAllBytes(journal);
    List<Integer> ends = ends();
    for (int length : near(ends, whole.length)) {
      Files.write(unfinished, Arrays.copyOf(whole, length));
      Files.write(journal, lines);

      SegmentJournal.finish(segment, info);

      int batches = 0;
      while (batches + 1 < ends.size() && ends.get(batches + 1) <= length) {
        batches++;
      }
      assertThat(keys()).as("cut at " + length).hasSize(List.of(0, 2, 3, 6).get(batches));
      Files.deleteIfExists(segment);
    }
  }

  @Test
  void believesNoLineWithoutItsChecksum() throws IOException {
    leave(2, 1, 3);
    byte[] whole = Files.readAllBytes(unfinished);
    byte[] lines = Files.readAllBytes(journal);
    List<Integer> ends = ends();
    for (int at : near(ends, whole.length - 1)) {
      byte[] changed = whole.clone();
      changed[at] ^= 1;
      Files.write(unfinished, changed);
      Files.write(journal, lines);

      SegmentJournal.finish(segment, info);

      int batches = -1;
      while (batches + 1 < ends.size() && ends.get(batches + 1) <= at) {
        batches++;
      }
      assertThat(keys()).as("changed at " + at).hasSize(List.of(0, 0, 2, 3, 6).get(batches + 1));
      Files.deleteIfExists(segment);
    }
  }

  @Test
  void readsAJournalThatIsCutAnywhere() throws IOException {
    leave(2, 1, 3);
    byte[] whole = Files.readAllBytes(unfinished);
    byte[] lines = Files.readAllBytes(journal);
    for (int length = 0; length <= lines.length; length += 3) {
      Files.write(unfinished, whole);
      Files.write(journal, Arrays.copyOf(lines, length));

      SegmentJournal.finish(segment, info);

      long ended = IntStream.range(0, length).filter(i -> lines[i] == '\n').count();
      assertThat(keys())
          .as("journal cut at " + length)
          .hasSize(List.of(0, 0, 2, 3, 6).get((int) ended));
      Files.deleteIfExists(segment);
    }
  }

  @Test
  void finishesOneThatHadItsFooterAlready() throws IOException {
    leave(2, 1);
    byte[] lines = Files.readAllBytes(journal);
    SegmentJournal.finish(segment, info);
    byte[] finished = Files.readAllBytes(segment);
    Files.move(segment, unfinished);
    Files.write(journal, lines);

    SegmentJournal.finish(segment, info);

    assertThat(segment).hasBinaryContent(finished);
    assertThat(keys()).containsExactly("u0", "u1", "u2");
  }

  @Test
  void leavesRubbishToItsCaller() throws IOException {
    Files.writeString(journal, "-1 x\nrubbish");
    Files.writeString(unfinished, "rubbish");
    SegmentJournal.finish(segment, info);
    assertThat(segment).doesNotExist();
    Files.writeString(journal, "0 0 0 999999999 1\n0 0 0 99999999999 1\n");
    SegmentJournal.finish(segment, info);
    assertThat(segment).doesNotExist();
    Files.delete(journal);
    SegmentJournal.finish(segment, info);
    assertThat(segment).doesNotExist();
  }

  @Test
  void aFinishedSegmentIsOneOfTheStore() throws IOException {
    leave(2, 1, 3);
    KnowledgeStore.writeInfo(folder, info);
    try (StoreWriter writer =
        StoreWriter.open(
            folder, info, EnumSet.allOf(Level.class), false, java.time.Duration.ofHours(1))) {
      assertThat(writer.before(Level.USER).holds("u4", hash(4))).isTrue();
      assertThat(writer.before(Level.USER).holds("u6", hash(6))).isFalse();
    }
  }

  /** Writes batches of so many rows, as a process that then dies. */
  private void leave(int... batches) throws IOException {
    try (SegmentWriter writer = new SegmentWriter(segment, info, allocator)) {
      int row = 0;
      for (int rows : batches) {
        for (int i = 0; i < rows; i++, row++) {
          writer.append(
              new StoredKnowledge("u" + row, hash(row), new float[] {row, 1, 2}, null, 1, 0));
        }
        writer.keep();
      }
    }
  }

  /** Places around the ends of the parts, and some between. */
  private static int[] near(List<Integer> ends, int last) {
    return IntStream.concat(
            IntStream.iterate(0, at -> at <= last, at -> at + 97),
            ends.stream().flatMapToInt(end -> IntStream.rangeClosed(end - 1, end + 1)))
        .filter(at -> at <= last)
        .toArray();
  }

  private static byte[] hash(int row) {
    byte[] hash = new byte[StoreSchema.HASH_BYTES];
    Arrays.fill(hash, (byte) row);
    return hash;
  }

  /** Where the schema and each batch end. */
  private List<Integer> ends() throws IOException {
    return Files.readAllLines(journal).stream()
        .map(line -> Integer.parseInt(line.split(" ")[3]))
        .toList();
  }

  private List<String> keys() throws IOException {
    List<String> keys = new ArrayList<>();
    if (Files.exists(segment)) {
      SegmentReader.forEachBatch(
          segment,
          info,
          allocator,
          (rows, vectors) -> {
            float[] vector = new float[DIMENSION];
            for (int row = 0; row < rows.count(); row++) {
              vectors.read(row, vector);
              assertThat(vector).containsExactly(keys.size(), 1, 2);
              assertThat(rows.promptHash(row)).isEqualTo(hash(keys.size()));
              assertThat(rows.text(row)).isNull();
              keys.add(rows.key(row));
            }
          });
    }
    return keys;
  }
}
