package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.internal.Records;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.data.slices.RowSlices;
import org.llm4msr.runtime.files.SmallFiles;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** Splits in several files read as the same rows in one. */
class PartsTest {

  private static final int ROWS = 600;

  @TempDir Path folder;
  private Path whole;
  private Path cut;

  @BeforeEach
  void prepare() throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    List<String> users = new ArrayList<>();
    List<String> items = new ArrayList<>();
    List<String> scenarios = new ArrayList<>();
    List<Double> labels = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      users.add("u" + random.nextInt(20));
      items.add("i" + random.nextInt(30));
      scenarios.add("s" + random.nextInt(2));
      labels.add((double) random.nextInt(2));
      times.add(1000L + row);
      tags.add("t" + random.nextInt(5));
    }
    whole = folder.resolve("whole");
    Preparations.prepare(
            new ListReader()
                .table(
                    RawTable.INTERACTIONS,
                    "user",
                    users,
                    "item",
                    items,
                    "scenario",
                    scenarios,
                    "label",
                    labels,
                    "time",
                    times,
                    "tag",
                    tags)
                .field("tag", RawTable.INTERACTIONS, new FieldKind.Categorical()),
            Preparations.config(Preparations.BY_TIME, 1),
            whole)
        .close();
    cut = folder.resolve("cut");
    copy(whole, cut);
    cut(cut, 70);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  /** Replaces the file of each split by parts of so many rows, as another program would. */
  private static void cut(Path prepared, int rows) throws IOException {
    DatasetManifest manifest = ManifestFile.read(prepared);
    Map<String, FileStamp> files = new TreeMap<>(manifest.files());
    for (Split split : Split.values()) {
      Path file = prepared.resolve(split.key() + ".arrow");
      Path parts = Files.createDirectory(prepared.resolve(split.key()));
      try (BufferAllocator allocator = new RootAllocator();
          ArrowReader reader = ArrowRows.open(file, allocator)) {
        int part = 0;
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        while (reader.loadNextBatch()) {
          for (int from = 0; from < root.getRowCount(); from += rows) {
            String name = String.format(Locale.ROOT, "part-%05d.arrow", part++);
            try (VectorSchemaRoot slice =
                root.slice(from, Math.min(rows, root.getRowCount() - from))) {
              write(slice, parts.resolve(name));
            }
            files.put(split.key() + "/" + name, new FileStamp(Files.size(parts.resolve(name)), ""));
          }
        }
      }
      Files.delete(file);
      files.remove(split.key() + ".arrow");
    }
    write(prepared, manifest, files);
  }

  private static void write(VectorSchemaRoot rows, Path file) throws IOException {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(rows, null, channel)) {
      writer.writeBatch();
    }
  }

  private static void write(Path prepared, DatasetManifest old, Map<String, FileStamp> files)
      throws IOException {
    DatasetManifest manifest = Records.with(old, "files", files);
    Files.write(prepared.resolve(ManifestFile.NAME), ManifestFile.write(manifest));
  }

  private static List<String> rows(PreparedData data, Split split, boolean byUser) {
    BatchSource source = byUser ? data.byUser(split, 64) : data.sequential(split, 64);
    return Preparations.rows(source);
  }

  @Test
  void partsHaveTheSameRowsInTheSameOrder() {
    try (PreparedData one = PreparedData.open(whole);
        PreparedData several = PreparedData.open(cut)) {
      for (Split split : Split.values()) {
        assertThat(rows(several, split, false))
            .hasSizeGreaterThan(70)
            .isEqualTo(rows(one, split, false));
        assertThat(rows(several, split, true)).isEqualTo(rows(one, split, true));
      }
      assertThat(several.trainingItems()).isEqualTo(one.trainingItems());
      assertThat(logged(several)).hasSize(ROWS).isEqualTo(logged(one));
    }
  }

  private static List<String> logged(PreparedData data) {
    List<String> rows = new ArrayList<>();
    data.loggedRows(EnumSet.allOf(Split.class))
        .forEach(
            (part, user, item, scenario, positive, time, group) ->
                rows.add(part + " " + user + " " + item + " " + scenario + " " + positive + time));
    return rows;
  }

  @Test
  void anEpochHasEachRowOnceAndResumesWhereItStopped() {
    try (PreparedData data = PreparedData.open(cut)) {
      List<String> all = Preparations.rows(data.training(order(0)));
      assertThat(all).containsExactlyInAnyOrderElementsOf(rows(data, Split.TRAIN, false));
      assertThat(all).isNotEqualTo(rows(data, Split.TRAIN, false));
      assertThat(Preparations.rows(data.training(order(4))))
          .isEqualTo(all.subList(128, all.size()));
    }
  }

  private static TrainingOrder order(long skipped) {
    return new TrainingOrder(32, 128, 5, 1, skipped);
  }

  @Test
  void logsKeysSlicesAndTheInspectionAreThoseOfOneFile() throws IOException {
    assertThat(histories(cut, "a")).isNotEmpty().isEqualTo(histories(whole, "b"));
    RowKeys keys = RowKeys.of(cut, Split.TEST);
    RowKeys expected = RowKeys.of(whole, Split.TEST);
    assertThat(keys.item(90)).isEqualTo(expected.item(90));
    assertThat(slices(cut)).isEqualTo(slices(whole));
    assertThat(Preparations.inspect(cut, folder.resolve("c")))
        .isEqualTo(Preparations.inspect(whole, folder.resolve("d")));
  }

  private String histories(Path prepared, String scratch) {
    TrainingLog log = new RowsLog(prepared, folder.resolve(scratch), 256L << 20, 2).oldest(150);
    StringBuilder text = new StringBuilder();
    log.forEachUser(text::append);
    return text.append(log.scenarioStatistics()).toString();
  }

  private static List<String> slices(Path prepared) {
    return RowSlices.of(prepared, Split.TEST, List.of("item-rows", "user-rows", "tag")).stream()
        .map(slicing -> slicing.title() + " " + slicing.of(95))
        .toList();
  }

  @Test
  void aWrongValueIsNamedByItsPartAndRow() throws IOException {
    Path part = cut.resolve("train/part-00002.arrow");
    byte[] bytes = Files.readAllBytes(part);
    try (PreparedData data = PreparedData.open(cut)) {
      List<String> texts = rows(data, Split.TRAIN, false).subList(140, 210);
      ByteBuffer users = ByteBuffer.allocate(4 * 70).order(ByteOrder.LITTLE_ENDIAN);
      texts.forEach(text -> users.putInt(Integer.parseInt(text.split(" ")[0])));
      int at = find(bytes, users.array());
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at + 4 * 7, 99);
    }
    Files.write(part, bytes);
    try (PreparedData data = PreparedData.open(cut)) {
      assertThatThrownBy(() -> rows(data, Split.TRAIN, false))
          .hasMessageContaining(part + ": column 'user_index' has 99 in row 7;");
    }
  }

  private static int find(byte[] bytes, byte[] wanted) {
    for (int at = 0; at + wanted.length <= bytes.length; at++) {
      if (ByteBuffer.wrap(bytes, at, wanted.length).equals(ByteBuffer.wrap(wanted))) {
        return at;
      }
    }
    throw new AssertionError("not found");
  }

  @Test
  void badPartsAreNamed() throws IOException {
    Path manifest = cut.resolve(ManifestFile.NAME);
    byte[] good = SmallFiles.read(manifest);
    Path part = cut.resolve("test/part-00001.arrow");
    byte[] bytes = Files.readAllBytes(part);
    Files.delete(part);
    assertThatThrownBy(() -> PreparedData.open(cut)).hasMessageContaining(part + " is missing");
    Files.write(part, bytes);

    DatasetManifest listed = ManifestFile.read(cut);
    Map<String, FileStamp> both = new TreeMap<>(listed.files());
    both.put("test.arrow", both.get("test/part-00000.arrow"));
    Files.copy(cut.resolve("test/part-00000.arrow"), cut.resolve("test.arrow"));
    write(cut, listed, both);
    assertThatThrownBy(() -> PreparedData.open(cut))
        .hasMessageContaining("dataset.json lists test.arrow beside the parts of test/.");
    Files.write(manifest, good);

    Files.copy(whole.resolve("users.arrow"), part, StandardCopyOption.REPLACE_EXISTING);
    Map<String, FileStamp> other = new TreeMap<>(listed.files());
    other.put("test/part-00001.arrow", new FileStamp(Files.size(part), ""));
    write(cut, listed, other);
    assertThatThrownBy(() -> PreparedData.open(cut))
        .hasMessageContaining(part + " has the columns [index:")
        .hasMessageContaining("Write all parts alike.");
  }
}
