package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  /** DuckDB reads the file, with types and metadata as in Arrow. */
  @Test
  void writesParquetWhereTheNameSaysSo() throws IOException, SQLException {
    Path file = folder.resolve("predictions.PARQUET");
    write(file, true);
    assertThat(
            query(
                "SELECT column_name || ' ' || column_type FROM (DESCRIBE FROM read_parquet('%s'))",
                file))
        .containsExactly(
            "row BIGINT",
            "user INTEGER",
            "scenario INTEGER",
            "label TINYINT",
            "probability FLOAT",
            "user_key VARCHAR",
            "item_key VARCHAR",
            "scenario_key VARCHAR",
            "group_key VARCHAR");
    assertThat(
            query(
                "SELECT concat_ws(' ', row, user, scenario, label, probability, user_key,"
                    + " coalesce(item_key, '-'), scenario_key, group_key) FROM read_parquet('%s')",
                file))
        .containsExactly(
            "0 5 0 1 0.75 user 5 item of 0 feed group of 0",
            "1 6 1 0 0.5 user 6 - it's group of 1");
    assertThat(
            query(
                "SELECT decode(key) || '=' || replace(decode(value), chr(10), '|') FROM"
                    + " parquet_kv_metadata('%s') ORDER BY 1",
                file))
        .contains("llm4msr.leakFutureInteractions=true", "scenarios=feed|it's");
    assertThat(folder).isDirectoryContaining(file::equals);
  }

  @Test
  void writesCsvWhereTheNameSaysSo() throws IOException {
    Path file = folder.resolve("predictions.csv");
    write(file, false);
    assertThat(file)
        .hasContent(
            """
            row,user,scenario,label,probability,user_key,item_key,scenario_key,group_key
            0,5,0,1,0.75,user 5,item of 0,feed,group of 0
            1,6,1,0,0.5,user 6,,it's,group of 1
            """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"arrow", "parquet", "csv"})
  void everyFormatReplacesItsOwn(String ending) throws IOException {
    Path file = folder.resolve("predictions." + ending);
    write(file, false);
    byte[] first = Files.readAllBytes(file);
    try (PredictionWriter writer = new PredictionWriter(file, List.of("feed"), KEYS, false)) {
      writer.finish();
    }
    assertThat(Files.readAllBytes(file)).isNotEqualTo(first);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void anotherEndingIsRefused() {
    Path file = folder.resolve("predictions.parq");
    assertThatThrownBy(() -> new PredictionWriter(file, List.of("feed"), KEYS, false))
        .hasMessage(
            "[data/FORMAT] %s does not say in which format it is to be written. Let its name end in"
                + " .arrow, .parquet or .csv.",
            file);
    assertThat(folder).isEmptyDirectory();
  }

  private static void write(Path file, boolean leaks) {
    try (PredictionWriter writer =
        new PredictionWriter(file, List.of("feed", "it's"), KEYS, leaks)) {
      writer.add(
          2,
          new long[] {0, 1},
          new int[] {5, 6},
          new int[] {0, 1},
          new float[] {1, 0},
          new float[] {.75f, .5f});
      writer.finish();
    }
  }

  private static List<String> query(String sql, Path file) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement();
        ResultSet result = statement.executeQuery(sql.formatted(file))) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
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

  @ParameterizedTest
  @ValueSource(strings = {"arrow", "parquet", "csv"})
  void anUnfinishedFileLeavesNothing(String ending) {
    Path file = folder.resolve("predictions." + ending);
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
