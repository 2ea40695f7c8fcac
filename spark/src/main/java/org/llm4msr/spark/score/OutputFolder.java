package org.llm4msr.spark.score;

import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.llm4msr.spark.home.JobException;

/**
 * The folder of the scores. It is complete when it has the file {@code _SUCCESS}; after a failure
 * it is not there, but where the driver was killed.
 */
final class OutputFolder {

  /** Tasks write into this folder, until the job is done. */
  private static final String OPEN = "_temporary";

  private final String place;
  private final Path path;
  private final FileSystem files;

  private OutputFolder(String place, Path path, FileSystem files) {
    this.place = place;
    this.path = path;
    this.files = files;
  }

  /**
   * Checks a folder.
   *
   * @throws JobException {@code score/EXISTS} if it exists and must not be replaced
   */
  static OutputFolder open(SparkSession session, String place, boolean force) {
    try {
      Path path = new Path(place);
      FileSystem files = path.getFileSystem(session.sparkContext().hadoopConfiguration());
      if (files.exists(path) && !force) {
        throw JobException.ofUser("score/EXISTS", found(place, files.exists(new Path(path, OPEN))));
      }
      return new OutputFolder(place, path, files);
    } catch (IOException | IllegalArgumentException e) {
      throw notWritten(place, e);
    }
  }

  private static String found(String place, boolean open) {
    return open
        ? "%s is of a job that still runs, or whose driver was killed. Choose another folder, or add --force once it has ended."
            .formatted(place)
        : "%s already exists. Choose another folder, or add --force.".formatted(place);
  }

  /**
   * Refuses a folder that holds the rows, or lies in what does.
   *
   * @throws JobException {@code score/SAME_FILE}
   */
  void requireApartFrom(SparkSession session, String in) {
    Path rows = new Path(in);
    try {
      FileSystem ofRows = rows.getFileSystem(session.sparkContext().hadoopConfiguration());
      if (isWithin(ofRows.makeQualified(rows), files.makeQualified(path))
          || isWithin(files.makeQualified(path), ofRows.makeQualified(rows))) {
        throw JobException.ofUser(
            "score/SAME_FILE", "%s holds the rows; the scores need another folder.".formatted(in));
      }
    } catch (IOException e) {
      throw notWritten(place, e);
    }
  }

  private static boolean isWithin(Path inner, Path outer) {
    Path at = inner;
    while (at != null && !at.equals(outer)) {
      at = at.getParent();
    }
    return at != null;
  }

  /** Writes scores as Parquet, all or none. */
  void write(Dataset<Row> scores) {
    boolean written = false;
    try {
      scores.write().mode(SaveMode.Overwrite).parquet(place);
      written = true;
    } finally {
      if (!written) {
        delete();
      }
    }
  }

  /** Deletes the folder. */
  void delete() {
    try {
      files.delete(path, true);
    } catch (IOException e) {
      throw notWritten(place, e);
    }
  }

  private static JobException notWritten(String place, Exception error) {
    return JobException.of(
        "score/NOT_WRITTEN",
        "%s could not be written: %s. Make room, or choose another folder."
            .formatted(place, error.getMessage()),
        error);
  }
}
