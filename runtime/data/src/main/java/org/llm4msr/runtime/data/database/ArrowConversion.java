package org.llm4msr.runtime.data.database;

import static java.util.stream.Collectors.joining;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.llm4msr.runtime.data.arrow.DataErrors;

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
    CSV;

    /**
     * Returns the format that the name of a file ends with.
     *
     * @throws MsrException {@code data/FORMAT} if it ends with none
     */
    public static Format of(Path file) {
      String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
      return Stream.of(values())
          .filter(format -> name.endsWith("." + format.name().toLowerCase(Locale.ROOT)))
          .findFirst()
          .orElseThrow(
              () ->
                  DataErrors.user(
                      "FORMAT",
                      file
                          + " does not say in which format it is to be written. Let its name end in"
                          + " .arrow, .parquet or .csv."));
    }
  }

  private ArrowConversion() {}

  /**
   * Writes an Arrow IPC file in another format, rows in the same order. The metadata of its schema
   * become key-value metadata of Parquet; CSV has no place for them.
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
      options += format == Format.CSV ? ", HEADER)" : metadata(reader) + ")";
      try {
        String to = literal(target.toAbsolutePath().toString());
        database.ingest(reader, "COPY (SELECT * FROM source) TO " + to + " " + options);
      } catch (SQLException e) {
        throw database.failure(e);
      }
    }
  }

  private static String metadata(ArrowFileReader reader) throws IOException {
    Map<String, String> metadata = reader.getVectorSchemaRoot().getSchema().getCustomMetadata();
    return metadata.isEmpty()
        ? ""
        : metadata.entrySet().stream()
            .map(entry -> literal(entry.getKey()) + ": " + literal(entry.getValue()))
            .collect(joining(", ", ", KV_METADATA {", "}"));
  }
}
