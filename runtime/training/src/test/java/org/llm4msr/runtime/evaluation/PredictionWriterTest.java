package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.data.keys.RowKeys;

class PredictionWriterTest {

  /** Row 1 has no item. */
  private static final RowKeys KEYS =
      new RowKeys() {
        @Override
        public String user(int index) {
          return "user " + index;
        }

        @Override
        public @Nullable String item(long row) {
          return row == 1 ? null : "item of " + row;
        }

        @Override
        public String group(long row) {
          return "group of " + row;
        }
      };

  @TempDir Path folder;

  @Test
  void writesEveryRow() throws IOException {
    Path file = folder.resolve("predictions.arrow");
    try (PredictionWriter writer =
        new PredictionWriter(file, List.of("feed", "search"), KEYS, false)) {
      writer.add(
          2,
          new long[] {0, 1},
          new int[] {5, 6},
          new int[] {0, 1},
          new float[] {1, 0},
          new float[] {.75f, .5f});
      writer.add(
          1, new long[] {2}, new int[] {7}, new int[] {1}, new float[] {1}, new float[] {.25f});
      writer.finish();
    }
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      assertThat(root.getSchema().getCustomMetadata()).containsEntry("scenarios", "feed\nsearch");
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(root.contentToTSVString())
          .isEqualTo(
              """
              row\tuser\tscenario\tlabel\tprobability\tuser_key\titem_key\tscenario_key\tgroup_key
              0\t5\t0\t1\t0.75\tuser 5\titem of 0\tfeed\tgroup of 0
              1\t6\t1\t0\t0.5\tuser 6\tnull\tsearch\tgroup of 1
              """);
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(root.getVector("probability").getObject(0)).isEqualTo(.25f);
      assertThat(reader.loadNextBatch()).isFalse();
    }
  }

  @Test
  void leavesWhatOthersWriteBesideIt() throws IOException {
    Path file = folder.resolve("predictions.arrow");
    Path mine = Files.writeString(folder.resolve("predictions.arrow.part"), "mine");
    try (PredictionWriter first = new PredictionWriter(file, List.of("feed"), KEYS, false);
        PredictionWriter other = new PredictionWriter(file, List.of("feed"), KEYS, false)) {
      first.finish();
      other.finish();
    }
    assertThat(folder).isDirectoryContaining(file::equals);
    assertThat(mine).hasContent("mine");
  }

  @Test
  void anUnfinishedFileLeavesNothing() {
    Path file = folder.resolve("predictions.arrow");
    try (PredictionWriter writer = new PredictionWriter(file, List.of("feed"), KEYS, false)) {
      writer.add(1, new long[1], new int[1], new int[1], new float[1], new float[1]);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void replacesPredictionsAndNothingElse() throws IOException {
    Path file = folder.resolve("predictions.arrow");
    for (float probability : new float[] {.5f, .25f}) {
      try (PredictionWriter writer = new PredictionWriter(file, List.of("feed"), KEYS, false)) {
        writer.add(1, new long[1], new int[1], new int[1], new float[1], new float[] {probability});
        writer.finish();
      }
    }
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      reader.loadNextBatch();
      assertThat(reader.getVectorSchemaRoot().getVector("probability").getObject(0))
          .isEqualTo(.25f);
    }
    Path mine = Files.writeString(folder.resolve("rows.csv"), "user,item\n");
    assertThatThrownBy(() -> new PredictionWriter(mine, List.of("feed"), KEYS, false))
        .hasMessage(
            "[evaluation/IN_THE_WAY] %s already exists and does not hold predictions. Choose"
                + " another file, or move it away.",
            mine);
    assertThat(mine).hasContent("user,item");
  }
}
