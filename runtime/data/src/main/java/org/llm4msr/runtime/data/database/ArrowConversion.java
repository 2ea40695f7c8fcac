package org.llm4msr.runtime.data.database;

import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Locale;
import org.apache.arrow.vector.ipc.ArrowFileReader;

/** Converts Arrow files to formats that other tools read. */
public final class ArrowConversion {

  private static final long MEMORY_BYTES = 512L << 20;

  /** The formats of tables that are written. */
  public enum Format {
    /** Arrow IPC file. */
    ARROW,
    /** Parquet. */
    PARQUET,
    /** CSV with a header. */
    CSV
  }

  private ArrowConversion() {}

  /**
   * Writes an Arrow IPC file in another format, rows in the same order.
   *
   * @param target does not exist
   * @param scratch a folder without one called {@code convert}
   */
  public static void convert(Path arrow, Path target, Format format, Path scratch)
      throws IOException {
    Path own = Files.createDirectory(scratch.resolve("convert"));
    try (PreparationDatabase database = new PreparationDatabase(own, MEMORY_BYTES, 1);
        FileChannel channel = FileChannel.open(arrow, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, database.allocator())) {
      String options = "(FORMAT " + format.name().toLowerCase(Locale.ROOT);
      options += format == Format.CSV ? ", HEADER)" : ")";
      try {
        String to = literal(target.toAbsolutePath().toString());
        database.ingest(reader, "COPY (SELECT * FROM source) TO " + to + " " + options);
      } catch (SQLException e) {
        throw database.failure(e);
      }
    }
  }
}
