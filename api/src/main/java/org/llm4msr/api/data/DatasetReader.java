package org.llm4msr.api.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.Stability;

/**
 * Reads one published raw format and emits Arrow batches, as a stream and in any order. The runtime
 * sorts, splits, builds vocabularies and statistics, and writes prepared data. Used by one thread.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetReader extends AutoCloseable {

  /** Returns the schema of what is emitted. Cheap: reads headers only. */
  RawSchema schema();

  /**
   * Returns the scenarios in the order of their ranks, or an empty list if every value in the data
   * is a scenario of that name.
   */
  List<RawScenario> scenarios();

  /** Returns the files that are read, so that the runtime can record their checksums. */
  List<Path> sources();

  /**
   * Returns the files of the interactions, in the order in which these are emitted, if each file's
   * do not depend on the other files: nodes of a cluster open a copy of the folder in which all but
   * one, or a piece of it, have no rows. Empty if they cannot.
   */
  default List<LogFile> logFiles() {
    return List.of();
  }

  /**
   * Opens one table. The caller closes the reader before it opens the next.
   *
   * @param table one of {@code schema().tables()}
   * @throws IOException if a file cannot be read
   * @throws org.llm4msr.api.MsrException of type DATA for a malformed row, naming file, line,
   *     column and value
   */
  ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException;

  /**
   * Opens what users had chosen before their first interaction, which prompts tell: {@code user},
   * {@code item} and {@code scenario} as interactions have them, each user's oldest first. Empty if
   * the raw data does not say. Opened after all tables were read, and closed, as by {@link #open}.
   */
  default Optional<ArrowReader> openPast(BufferAllocator allocator) throws IOException {
    return Optional.empty();
  }

  /**
   * Returns the rows that were not emitted, by reason. Called after all tables were read to their
   * end. Empty if every row is emitted.
   */
  default List<LeftOutRows> leftOut() {
    return List.of();
  }

  /**
   * Returns the rows that describe users or items, by key and in their order, for messages. Called
   * after the table was read to its end. Empty if the reader does not know them.
   *
   * @param table {@code USERS} or {@code ITEMS}
   * @param keys users or items as they are emitted
   */
  default Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
    return Map.of();
  }

  @Override
  void close();
}
