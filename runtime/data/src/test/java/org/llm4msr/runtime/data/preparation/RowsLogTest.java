package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** Logs of the twelve rows of {@link DatasetPreparationTest}. */
class RowsLogTest {

  @TempDir Path folder;
  private Path prepared;
  private RowsLog rows;

  @BeforeEach
  void prepare() {
    prepared = folder.resolve("prepared");
    rows = new RowsLog(prepared, folder.resolve("log"), 256L << 20, 2);
    Preparations.prepare(
            DatasetPreparationTest.twelveRows(),
            Preparations.config(Preparations.BY_TIME, 2),
            prepared)
        .close();
  }

  /** Until time 5 ann has clicked z, and bob twice on x; cat has not clicked. */
  private static void requireFiveRows(TrainingLog log) {
    List<UserHistory> histories = new ArrayList<>();
    log.forEachUser(histories::add);
    assertThat(histories)
        .containsExactly(
            new UserHistory("ann", "level: 3", List.of(new UserHistory.Event("First", "z", ""))),
            new UserHistory(
                "bob",
                "level: 4",
                List.of(
                    new UserHistory.Event("First", "x", "The X; a, b"),
                    new UserHistory.Event("Second", "x", "The X; a, b"))));
  }

  @Test
  void keepsTheLogAndNotWhatItWasMadeOf() throws IOException {
    requireFiveRows(rows.oldest(5));
    try (var files = Files.list(folder.resolve("log"))) {
      assertThat(files)
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrder("histories.arrow", "statistics.json");
    }
  }

  /** As another program may write them. */
  @Test
  void indicesMayHave64Bits() throws IOException, SQLException {
    widen(prepared.resolve("train.arrow"));

    requireFiveRows(rows.oldest(5));
  }

  private void widen(Path file) throws IOException, SQLException {
    Path wide = folder.resolve("wide.arrow");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    try (PreparationDatabase database = new PreparationDatabase(scratch, 256L << 20, 1);
        FileChannel in = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(in, database.allocator())) {
      database.ingest(
          reader,
          "CREATE TABLE wide AS SELECT * REPLACE (user_index::BIGINT AS user_index, item_index::BIGINT AS item_index, scenario_rank::BIGINT AS scenario_rank) FROM source");
      database.export("FROM wide", batch -> write(batch, wide));
    }
    Files.move(wide, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The batch before the first is empty. */
  private static void write(VectorSchemaRoot batch, Path file) throws IOException {
    try (FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(batch, null, out)) {
      writer.writeBatch();
      writer.end();
    }
  }
}
