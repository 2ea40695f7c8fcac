package org.llm4msr.runtime.data.preparation;

import static org.llm4msr.toolkit.database.SqlText.identifier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FolderTrainingLog;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitFiles;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.toolkit.arrow.ConsecutiveFiles;

/**
 * A log of rows other than the training part, made by the same queries as the training log.
 *
 * @param prepared folder of the prepared data
 * @param scratch folder of the log's own files, made where it is not there, kept for as long as the
 *     log is used
 * @param memoryBytes memory that the database may use
 * @param threads threads; the result does not depend on them
 * @param positive the label that makes a row a positive
 */
public record RowsLog(Path prepared, Path scratch, long memoryBytes, int threads, String positive) {

  /** Makes a log whose positives are those of the main label. */
  public RowsLog(Path prepared, Path scratch, long memoryBytes, int threads) {
    this(prepared, scratch, memoryBytes, threads, SplitColumns.LABEL);
  }

  /**
   * Returns the log of all three parts, validation and test included: prompts made of it tell what
   * is to be predicted. For experiments on leakage only.
   */
  public TrainingLog leaky() {
    DatasetManifest manifest = ManifestFile.read(prepared);
    return log(manifest, List.of(Split.values()), manifest.rows().total());
  }

  /** Returns the log of the oldest {@code rows} rows of the training part. */
  public TrainingLog oldest(long rows) {
    return log(ManifestFile.read(prepared), List.of(Split.TRAIN), rows);
  }

  private TrainingLog log(DatasetManifest manifest, List<Split> parts, long rows) {
    Path own = scratch.resolve("database");
    try {
      Files.createDirectories(own);
      try (PreparationDatabase database = new PreparationDatabase(own, memoryBytes, threads)) {
        readRows(database, manifest, parts, rows);
        readItems(database);
        PreparedFiles files = new PreparedFiles(database, scratch);
        files.writePositives(rows);
        files.writeStatistics(manifest.scenarios(), rows);
      }
      DurableFiles.delete(own); // It holds all that was read, and the log is kept.
    } catch (IOException e) {
      throw DataErrors.io(prepared, e);
    }
    return new FolderTrainingLog(scratch, prepared, manifest);
  }

  /**
   * Makes the table {@code keyed} that statistics and positives are queried from.
   *
   * @param rows how many rows of each part are read at most; its files begin with the oldest
   */
  private void readRows(
      PreparationDatabase database, DatasetManifest manifest, List<Split> parts, long rows)
      throws IOException {
    String columns =
        "%s::INTEGER AS u, %s::INTEGER AS i, %s::INTEGER AS s, %s = 1 AS y, %s AS t"
            .formatted(
                identifier(SplitColumns.USER),
                identifier(SplitColumns.ITEM),
                identifier(SplitColumns.SCENARIO),
                identifier(manifest.labelColumn(positive)),
                manifest.time() ? identifier(SplitColumns.TIME) : "NULL::BIGINT");
    for (Split split : parts) {
      String into = split == Split.TRAIN ? "CREATE TABLE rows AS " : "INSERT INTO rows ";
      ingest(
          database,
          SplitFiles.of(prepared, manifest, split),
          into + "SELECT " + columns + " FROM source LIMIT " + rows);
    }
    database.execute("CREATE TABLE sorted AS SELECT * FROM rows ORDER BY t NULLS FIRST, rowid");
    database.execute("DROP TABLE rows");
    database.execute(
        "CREATE VIEW keyed AS SELECT rowid AS n, u AS user_index, i AS item_index,"
            + " s AS scenario_rank, y FROM sorted");
  }

  private void readItems(PreparationDatabase database) throws IOException {
    ingest(
        database,
        List.of(prepared.resolve(PreparedFolder.ITEMS)),
        "CREATE TABLE texts AS SELECT %s AS text FROM source"
            .formatted(identifier(PreparedFolder.TEXT)));
    database.execute(
        "CREATE VIEW %s AS SELECT rowid AS idx, text FROM texts"
            .formatted(EntityTables.raw(RawTable.ITEMS)));
  }

  private static void ingest(PreparationDatabase database, List<Path> files, String sql)
      throws IOException {
    try (ArrowReader reader = ConsecutiveFiles.open(files, database.allocator())) {
      database.ingest(reader, sql);
    } catch (SQLException e) {
      throw database.failure(e);
    }
  }
}
